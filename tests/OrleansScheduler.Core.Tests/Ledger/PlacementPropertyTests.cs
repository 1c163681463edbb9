using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>The ledger beside a reference that counts everything anew and tries everything (<see cref="NaiveCell"/>).</summary>
public sealed class PlacementPropertyTests
{
    private const int Cases = 10_000;

    [Fact]
    public void Whatever_is_placed_may_go_there_and_fits_best_and_nothing_waits_that_fits_somewhere() =>
        Check(Features.All & ~Features.Quotas, rounds: 3);

    [Fact]
    public void One_group_at_a_time_finds_a_node_when_there_is_one_and_only_then() =>
        Gen.Int.Sample(seed =>
        {
            var world = new LedgerWorld(seed, Features.All);
            world.AddNodes(world.Random.Next(1, 7));
            for (var i = 0; i < 8; i++)
            {
                if (world.Chance(25)) world.EndOne();
                foreach (var group in world.Cell.Groups.Select(g => g.Job).Distinct().ToList()) world.Say(group, []);
                world.Want(most: 4);
                world.Plan();
            }

            world.Compare();
        }, iter: Cases);

    [Fact]
    public void Roles_take_turns_by_hierarchical_weighted_dominant_shares_as_Mesos_orders_them() =>
        Check(Features.NodeNews | Features.Gpus | Features.Revocable, rounds: 4, weights: true);

    [Fact]
    public void Limits_hold_at_every_level_and_nobody_uses_what_is_guaranteed_to_others() =>
        Check(Features.Quotas | Features.NodeNews | Features.Pools | Features.Gangs | Features.Revocable, rounds: 4);

    [Fact]
    public void Plans_never_make_the_sum_of_what_breaks_quotas_larger() =>
        Gen.Int.Sample(seed =>
        {
            var world = new LedgerWorld(seed, Features.Quotas | Features.NodeNews | Features.Pools);
            world.AddNodes(world.Random.Next(2, 7));
            for (var i = 0; i < 8; i++)
            {
                if (world.Chance(50)) world.ChangeRole();
                if (world.Chance(20)) world.ChangeNode();
                if (world.Chance(30)) world.EndOne();
                world.Want(most: 5);
                var before = world.Cell.Broken();
                foreach (var (job, reservation, placement) in world.Ledger.Plan(world.Now).Placements())
                {
                    var group = world.Cell.Groups.Find(g => g.Job == job && g.Waiting.Contains(placement.Attempt))!;
                    world.Cell.Put(group, placement, world.Now);
                    group.Waiting.Remove(placement.Attempt);
                    Assert.Equal(group.Demand.Request, reservation.Request);
                }

                Assert.True(world.Cell.Broken() <= before, $"{before} became {world.Cell.Broken()}");
            }
        }, iter: Cases);

    private static void Check(Features features, int rounds, bool weights = false) =>
        Gen.Int.Sample(seed =>
        {
            var policy = (PlacementPolicy)((seed & int.MaxValue) % 3);
            var options = new LedgerOptions { Policy = policy, PreemptAfter = TimeSpan.MaxValue, HoldAfter = TimeSpan.MaxValue };
            var world = new LedgerWorld(seed, features, options);
            world.AddNodes(world.Random.Next(1, 7));
            for (var round = 0; round < rounds; round++)
            {
                world.Now = world.Now.AddSeconds(5);
                if (features.HasFlag(Features.NodeNews) && world.Chance(40)) world.ChangeNode();
                if ((features.HasFlag(Features.Quotas) || weights) && world.Chance(60)) world.ChangeRole();
                for (var i = world.Random.Next(4); i > 0; i--) world.EndOne();
                for (var i = world.Random.Next(1, 4); i > 0; i--) world.Want(most: 4);
                world.Plan();
                world.Compare();
            }
        }, iter: Cases);
}
