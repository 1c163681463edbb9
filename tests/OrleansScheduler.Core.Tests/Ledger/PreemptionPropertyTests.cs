using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>Preemption beside a reference that tries all sets of victims on all nodes.</summary>
public sealed class PreemptionPropertyTests
{
    private static readonly LedgerOptions Options = new()
    {
        PreemptAfter = TimeSpan.FromSeconds(10),
        PromiseFor = TimeSpan.FromMinutes(5),
        HoldAfter = TimeSpan.MaxValue,
        PreemptionsPerRound = 100,
    };

    [Fact]
    public void Victims_are_the_fewest_who_lose_least_and_whom_Aurora_lets_the_waiting_displace() =>
        Check(Features.Tiers | Features.Revocable | Features.Constraints | Features.Quotas, cases: 10_000);

    [Fact]
    public void Victims_free_GPUs_ports_items_and_what_is_reserved_too() =>
        Check(Features.Tiers | Features.Gpus | Features.Custom | Features.Pools, cases: 10_000);

    private static void Check(Features features, int cases) => Gen.Int.Sample(seed => Run(seed, features), iter: cases);

    internal static void Run(int seed, Features features, Action<LedgerWorld>? look = null)
    {
        var world = new LedgerWorld(seed, features, Options);
        look?.Invoke(world);
        world.AddNodes(world.Random.Next(1, 5));
        for (var round = 0; round < 6; round++)
        {
            world.Now = world.Now.AddSeconds(world.Random.Next(2, 9));
            if (features.HasFlag(Features.Quotas) && world.Chance(20)) world.ChangeRole();
            if (world.Chance(15)) world.ChangeNode();
            if (world.Chance(70)) world.Want(most: 4);
            if (world.Chance(15)) world.Now += Options.PromiseFor;

            // Victims go one by one, in any order, and others end too; meanwhile small ones come who would like what becomes free.
            for (var i = world.Random.Next(4); i > 0; i--)
            {
                var doomed = world.Cell.Tasks.Where(world.Cell.IsDoomed).ToList();
                if (doomed.Count > 0 && world.Chance(70)) world.End(doomed[world.Random.Next(doomed.Count)]);
                else if (world.Chance(30)) world.EndOne();
                if (world.Chance(30)) world.Want(most: 2, largestCpu: 500);
                world.Plan();
            }

            world.Plan();
            world.Compare();
            foreach (var group in world.Cell.Stuck(world.Now, Options)) Assert.Fail($"{group} waits though others could be stopped for it");
        }
    }
}
