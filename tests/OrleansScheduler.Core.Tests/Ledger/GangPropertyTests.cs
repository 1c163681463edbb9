using CsCheck;
using static OrleansScheduler.Core.Tests.LedgerFixture;

namespace OrleansScheduler.Core.Tests;

/// <summary>Gangs: all or none in every plan, and nodes that are kept free for those who wait are so for a bounded time.</summary>
public sealed class GangPropertyTests
{
    private static readonly LedgerOptions Options = new()
    {
        PreemptAfter = TimeSpan.FromSeconds(10),
        HoldAfter = TimeSpan.FromSeconds(30),
        HoldFor = TimeSpan.FromSeconds(60),
        HoldOneOf = 4,
    };

    [Fact]
    public void A_gang_is_placed_as_a_whole_in_one_plan_or_not_at_all_and_a_failed_try_leaves_nothing_behind() =>
        Gen.Int.Sample(seed =>
        {
            var world = new LedgerWorld(seed, Features.All & ~Features.Pools, Options);
            world.AddNodes(world.Random.Next(1, 7));
            for (var round = 0; round < 6; round++)
            {
                world.Now = world.Now.AddSeconds(20);
                if (world.Chance(30)) world.ChangeNode();
                for (var i = world.Random.Next(3); i > 0; i--) world.EndSomething();
                world.Want(most: 6);
                var before = Used(world.Ledger);
                var wanted = world.Told.OfType<LedgerEvent.Demanded>().SelectMany(d =>
                    d.Demands.Where(x => x.Gang).Select(x => (d.Job, Demand: x)));
                var plan = world.Ledger.Plan(world.Now, world.Random.Next(1, 20));
                foreach (var (job, demand) in wanted)
                {
                    var placed = plan.Placements().Count(p => p.Job == job && demand.Attempts.Contains(p.Placement.Attempt));
                    var missing = demand.Attempts.Count(a => world.Ledger.Find(job, a) is null);
                    Assert.True(placed == 0 || missing == 0, $"{placed} of {demand.Attempts.Length} of {job} were placed");
                }

                // What is used afterwards is what was used before and what the plan says: nothing of what was tried.
                foreach (var (_, reservation, placement) in plan.Placements())
                    before[placement.Node] = before.GetValueOrDefault(placement.Node) + reservation.Request;
                Assert.Equal(before, Used(world.Ledger));
                Assert.InRange(world.Ledger.Held, 0, Math.Max(1, world.Cell.Nodes.Count / Options.HoldOneOf));
            }
        }, iter: 5000);

    [Fact]
    public void A_node_is_kept_free_for_a_gang_no_longer_than_allowed_and_others_get_it_then()
    {
        var ledger = new Ledger(Options);
        foreach (var node in new[] { "n0", "n1" }) ledger.Node(Describe(node, cpu: 4000));
        ledger.Demand(Job("long"), Wants(Attempts(1), cpu: 1000));
        ledger.Plan(Start);
        ledger.Demand(Job("gang"), Wants(Attempts(2), cpu: 4000) with { Gang = true });
        Assert.Empty(ledger.Plan(Start.AddSeconds(30)).Reservations);
        Assert.Equal(1, ledger.Held);
        ledger.Demand(Job("small"), Wants(Attempts(4), cpu: 1000) with { Since = Start.AddSeconds(30) });

        var first = ledger.Plan(Start.AddSeconds(31));
        Assert.True(first.Placed < 4, "nothing was kept free");
        var free = ledger.Plan(Start.AddSeconds(30) + Options.HoldFor);
        Assert.Equal(4, first.Placed + free.Placed);
        Assert.Equal(0, ledger.Held);
    }

    [Fact]
    public void A_gang_of_which_what_is_guaranteed_to_others_stops_a_part_is_placed_when_they_have_what_they_were_guaranteed()
    {
        // What runs on a node in maintenance counts against what is free for all: 8 - 3 are, and 2 of them a role's that uses nothing yet.
        var ledger = new Ledger(Options);
        foreach (var node in new[] { "n0", "n1" }) ledger.Node(Describe(node, cpu: node == "n0" ? 8000 : 3000));
        ledger.Role("kept", new Quota { Guarantee = new Resources(2000, 0, 0, 0) });
        ledger.Demand(Job("old"), Wants(Attempts(1), cpu: 3000, constraints: new Constraint.Value("node", ["n1"], Negated: false)));
        Assert.Equal(1, ledger.Plan(Start).Placed);
        ledger.Node(Describe("n1", cpu: 3000), mode: MaintenanceMode.Draining);

        ledger.Demand(Job("gang"), Wants(Attempts(4), cpu: 1000) with { Gang = true });
        Assert.Equal(0, ledger.Plan(Start.AddSeconds(60)).Placed);
        Assert.Equal(Reasons.QuotaHeadroom, Assert.Single(ledger.Explain(Job("gang"), Start)!.Groups).Held?.Code);
        Assert.Equal(0, ledger.Held);

        ledger.Demand(Job("owed", "kept"), Wants(Attempts(1), cpu: 2000));
        Assert.Equal(1, ledger.Plan(Start.AddSeconds(61)).Placed);
        Assert.Equal(4, ledger.Plan(Start.AddSeconds(62)).Placed);
    }

    private static SortedDictionary<string, Resources> Used(Ledger ledger)
    {
        var used = new SortedDictionary<string, Resources>(StringComparer.Ordinal);
        foreach (var view in ledger.DescribeNodes()) used[view.Description.Id] = view.Used;
        return used;
    }
}
