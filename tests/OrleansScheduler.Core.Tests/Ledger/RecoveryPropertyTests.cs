using CsCheck;

namespace OrleansScheduler.Core.Tests;

/// <summary>A ledger that is made from what another one says about itself is its equal.</summary>
public sealed class RecoveryPropertyTests
{
    private static readonly LedgerOptions Options = new()
    {
        PreemptAfter = TimeSpan.FromSeconds(10),
        HoldAfter = TimeSpan.MaxValue,
        PromiseFor = TimeSpan.FromSeconds(90),
    };

    /// <remarks>
    /// Which part of an attempt came from a reserved pool is not written: a rebuilt ledger fills pools first, so with them it may count
    /// something else against quotas than before. That is left out here.
    /// </remarks>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_ledger_rebuilt_from_its_nodes_roles_reservations_and_promises_is_equal_in_any_order(bool pools) =>
        Gen.Int.Sample(seed =>
        {
            var world = Grow(seed, pools ? Features.All : Features.All & ~Features.Pools);
            var rebuilt = new Ledger(Options);
            foreach (var node in Shuffled(world.Random, world.Ledger.Nodes())) rebuilt.Apply(node);
            foreach (var role in Shuffled(world.Random, Roles(world.Ledger))) rebuilt.Apply(role);
            foreach (var reservation in Shuffled(world.Random, world.Ledger.Reservations()))
            {
                rebuilt.Apply(new LedgerEvent.Reserved(reservation));
                if (world.Chance(20)) rebuilt.Apply(new LedgerEvent.Reserved(reservation));
            }

            foreach (var preemption in Shuffled(world.Random,
                world.Ledger.Preemptions)) rebuilt.Apply(new LedgerEvent.Preempted(preemption));
            Assert.Equal(State(world.Ledger, consumption: !pools), State(rebuilt, consumption: !pools));
        }, iter: 3000);

    [Fact]
    public void A_copy_is_equal_and_goes_its_own_way() =>
        Gen.Int.Sample(seed =>
        {
            var world = Grow(seed, Features.All & ~Features.Pools);
            var before = State(world.Ledger);
            var copy = world.Ledger.Clone();
            Assert.Equal(before, State(copy));
            Assert.Equal(world.Ledger.Pending, copy.Pending);
            copy.Plan(world.Now.AddSeconds(60));
            foreach (var job in copy.Jobs.ToList()) copy.Apply(new LedgerEvent.Released(job, copy.HeldBy(job)));
            Assert.Equal(before, State(world.Ledger));
        }, iter: 3000);

    [Fact]
    public void The_journal_of_plans_leads_to_the_same_ledger() =>
        Gen.Int.Sample(seed =>
        {
            var world = new LedgerWorld(seed, Features.All & ~Features.Pools, Options);
            var follower = new Ledger(Options);
            world.AddNodes(world.Random.Next(1, 7));
            for (var (round, told) = (0, 0); round < 6; round++)
            {
                world.Now = world.Now.AddSeconds(8);
                Change(world);
                var plan = world.Ledger.Plan(world.Now, world.Random.Next(1, 30));

                // Demands are not written: the next owner asks the jobs.
                for (; told < world.Told.Count; told++)
                {
                    if (world.Told[told] is not LedgerEvent.Demanded) follower.Apply(world.Told[told]);
                }

                foreach (var ended in plan.Broken) follower.Apply(ended);
                foreach (var reservation in plan.Reservations) follower.Apply(new LedgerEvent.Reserved(reservation));
                foreach (var preemption in plan.Preemptions) follower.Apply(new LedgerEvent.Preempted(preemption));
                Assert.Equal(State(world.Ledger), State(follower));
            }
        }, iter: 5000);

    private static LedgerWorld Grow(int seed, Features features)
    {
        var world = new LedgerWorld(seed, features, Options);
        world.AddNodes(world.Random.Next(1, 7));
        for (var round = world.Random.Next(1, 8); round > 0; round--)
        {
            world.Now = world.Now.AddSeconds(8);
            Change(world);
            world.Ledger.Plan(world.Now, world.Random.Next(1, 30));
        }

        return world;
    }

    private static void Change(LedgerWorld world)
    {
        if (world.Chance(25)) world.ChangeNode();
        if (world.Chance(25)) world.ChangeRole();
        for (var i = world.Random.Next(3); i > 0; i--) world.EndSomething();
        for (var i = world.Random.Next(1, 3); i > 0; i--) world.Want(most: 5);
    }

    private static IEnumerable<LedgerEvent.RoleChanged> Roles(Ledger ledger)
    {
        for (var role = 1; role < ledger.Roles.Count; role++)
            yield return new(ledger.Roles.PathOf(role), ledger.Roles.QuotaOf(role), ledger.Roles.WeightOf(role));
    }

    private static T[] Shuffled<T>(Random random, IEnumerable<T> all)
    {
        var array = all.ToArray();
        random.Shuffle(array);
        return array;
    }

    /// <summary>Everything that must survive a change of owners; what waits is asked for again.</summary>
    private static string State(Ledger ledger, bool consumption = true)
    {
        var nodes = ledger.DescribeNodes().Select(n => $"{n.Description.Id} {n.Status} {n.Tasks} {n.Used} {n.IsOvercommitted}");
        var tasks = ledger.Jobs.Order().SelectMany(j => ledger.HeldBy(j).Order().Select(a => ledger.Find(j, a)!)
            .Select(p => $"{j} {p.Attempt} {p.Node} {string.Join(',', p.Ports)} {string.Join(',', p.Devices)} "
                + $"{string.Join(',', p.Items)}"));
        var promises = ledger.Preemptions
            .Select(p => $"{p.Job} {p.Attempt} {p.Node} {string.Join(',', p.Victims)} {string.Join(',', p.Devices)} {p.Since}");
        var roles = Roles(ledger).OrderBy(r => r.Role, StringComparer.Ordinal).Where(r => Matters(ledger, ledger.Roles.Find(r.Role)))
            .Select(r =>
        {
            var (all, id) = (ledger.Roles, ledger.Roles.Find(r.Role));
            var consumed = consumption ? $"{all.ConsumedBy(id)} {all.RequiredBy(id)}" : "";
            return $"{r.Role} {r.Quota} {r.Weight} {all.ShareOf(id)} {all.AllocatedTo(id)} {all.AllocationsOf(id)} {consumed}";
        });
        return string.Join('\n', [.. nodes, .. tasks, .. promises, .. roles, $"{ledger.Placed} {ledger.Promised} {ledger.Roles.Total}"]);
    }

    private static bool Matters(Ledger ledger, int role) =>
        ledger.Roles.AllocationsOf(role) > 0 || ledger.Roles.QuotaOf(role) is not null || ledger.Roles.WeightOf(role) != 1;
}
