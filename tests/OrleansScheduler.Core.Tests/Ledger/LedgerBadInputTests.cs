using CsCheck;
using static OrleansScheduler.Core.Tests.LedgerFixture;

namespace OrleansScheduler.Core.Tests;

/// <summary>
/// Facts that make no sense, come twice, or come too late: each has a defined answer. <see cref="InvariantException"/> is the answer to
/// what upstream never lets through, see the last tests; nothing else comes out of the ledger.
/// </summary>
public sealed class LedgerBadInputTests
{
    private static readonly long[] Odd =
        [long.MinValue, -1, 0, 1, 1500, int.MaxValue - 1L, int.MaxValue, 1L << 32, Quota.Largest, long.MaxValue];
    private readonly Ledger _ledger = new();

    [Theory]
    [InlineData(-1, 64, 0, 0)]
    [InlineData(1000, -64, 0, 0)]
    [InlineData(1000, 64, long.MinValue, 0)]
    [InlineData(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue)]
    [InlineData(int.MaxValue, 64, 0, 0)]
    [InlineData(1000, 64, 0, 1500)]
    public void A_request_that_no_node_can_ever_meet_waits_and_lets_others_pass(long cpu, long memory, long disk, long gpu)
    {
        _ledger.Node(Describe("n", gpu: 4000));
        _ledger.Demand(Job("odd"), Wants(Attempts(2)) with { Request = new(cpu, memory, disk, gpu), Priority = 5 });
        _ledger.Demand(Job("good"), Wants(Attempts(1)));
        Assert.Equal(Job("good"), Assert.Single(_ledger.Plan(Start.AddMinutes(10)).Reservations).Job);
        Assert.Equal(2, _ledger.Pending);
        Assert.NotEmpty(_ledger.Explain(Job("odd"), Start)!.Summary);
    }

    [Fact]
    public void Negative_ports_and_custom_amounts_wait_too()
    {
        _ledger.Node(Describe("n") with { Custom = new CustomCapacity { Scalars = Map(("licence", 1000L)) } });
        _ledger.Demand(Job("ports"), Wants(Attempts(1)) with { Ports = -1 });
        _ledger.Demand(Job("scalars"), Wants(Attempts(1)) with { Custom = new CustomRequest { Scalars = Map(("licence", -5L)) } });
        _ledger.Demand(Job("sets"), Wants(Attempts(1)) with { Custom = new CustomRequest { Sets = Map(("card", -1)) } });
        Assert.Empty(_ledger.Plan(Start.AddMinutes(10)).Reservations);
        Assert.Equal(3, _ledger.Pending);
    }

    [Fact]
    public void An_attempt_that_is_said_twice_gets_one_node()
    {
        _ledger.Node(Describe("n"));
        _ledger.Demand(Job("twice"), Wants([new(0, 1), new(0, 1), new(1, 1)]), Wants([new(1, 1)]) with { Version = 2 });
        Assert.Equal(2, _ledger.Plan(Start).Placed);
        Assert.Equal((2, 0, 2000), (_ledger.Placed, _ledger.Pending, _ledger.DescribeNode("n")!.Used.CpuMillis));
        Assert.False(_ledger.IsWaiting(Job("twice")));
    }

    [Fact]
    public void Roles_that_nobody_knows_are_made_and_names_that_make_no_path_stay_one_level()
    {
        _ledger.Node(Describe("n"));
        foreach (var role in new[] { "never.heard", "a..b", "-x", "..", "*" }) _ledger.Demand(Job("job", role), Wants(Attempts(1)));
        Assert.Equal(5, _ledger.Plan(Start).Placed);
        Assert.True(_ledger.Roles.Find("never/heard") > 0);
    }

    [Fact]
    public void A_role_without_a_valid_path_and_the_cell_itself_are_given_no_quota()
    {
        foreach (var path in new[] { "", "/", "a//b", "a/*" }) _ledger.Role(path, new Quota { Limit = new(0, 0, 0, 0) });
        _ledger.Node(Describe("n"));
        _ledger.Demand(Job("job"), Wants(Attempts(1)));
        Assert.Equal(1, _ledger.Plan(Start).Placed);
    }

    [Fact]
    public void A_node_that_shrinks_in_every_way_keeps_its_tasks_shows_nothing_negative_and_is_whole_again_when_they_have_ended()
    {
        var node = Describe("n", cpu: 4000, gpu: 2000, ports: 4) with
        {
            Custom = new CustomCapacity { Scalars = Map(("licence", 2000L)), Sets = Map(("card", ImmutableArray.Create(["c0", "c1"]))) },
            Overcommit = 2,
        };
        _ledger.Node(node);
        var custom = new CustomRequest { Scalars = Map(("licence", 1000L)), Sets = Map(("card", 1)) };
        _ledger.Demand(Job("firm"), Wants(Attempts(2), cpu: 2000) with { Request = new(2000, 64, 64, 1000), Ports = 2, Custom = custom });
        _ledger.Demand(Job("lent"), Wants(Attempts(2), cpu: 2000) with { Tier = Tier.Revocable });
        Assert.Equal(4, _ledger.Plan(Start).Placed);

        _ledger.Node(Describe("n", cpu: 1000, memory: 32, disk: 0, gpu: 0, ports: 1));
        var view = _ledger.DescribeNode("n")!;
        Assert.Equal((4, true), (view.Tasks, view.IsOvercommitted));
        _ledger.Demand(Job("more"), Wants(Attempts(1), cpu: 1, memory: 1) with { Request = new(1, 0, 0, 0) },
            Wants([new(9, 1)]) with { Version = 2, Tier = Tier.Revocable, Request = new(1, 0, 0, 0) });
        Assert.Empty(_ledger.Plan(Start.AddMinutes(1)).Reservations);
        foreach (var group in _ledger.Explain(Job("more"), Start)!.Groups)
            Assert.DoesNotContain("-", $"{group.Nearest?.Have}{string.Concat(group.Reasons.Select(r => r.Message))}",
                StringComparison.Ordinal);

        _ledger.Demand(Job("more"));
        _ledger.Release(Job("firm"), [.. Attempts(2)]);
        _ledger.Release(Job("lent"), [.. Attempts(2)]);
        _ledger.Node(node);
        _ledger.Demand(Job("again"), Wants(Attempts(2), cpu: 2000) with { Request = new(2000, 64, 64, 1000), Ports = 2, Custom = custom });
        var placed = _ledger.Plan(Start.AddMinutes(2)).Placements().Select(p => p.Placement).ToList();
        Assert.Equal((2, 4, 2, 2), (placed.Count, placed.SelectMany(p => p.Ports).Distinct().Count(), placed.SelectMany(p => p.Devices)
            .Distinct().Count(),
            placed.SelectMany(p => p.Items).Distinct().Count()));
    }

    [Fact]
    public void A_limit_counts_by_the_attributes_that_nodes_have_now()
    {
        _ledger.Node(Describe("a") with { Attributes = Attributes(("zone", "x")) });
        _ledger.Node(Describe("b") with { Attributes = Attributes(("zone", "y")) });
        _ledger.Demand(Job("web"), Wants(Attempts(2), constraints: new Constraint.Limit("zone", 1)));
        Assert.Equal(2, _ledger.Plan(Start).Placed);

        // Both in one zone now: that is two where one is allowed. They stay; a third one goes to a zone without any, or nowhere.
        _ledger.Node(Describe("b") with { Attributes = Attributes(("zone", "x")) });
        _ledger.Demand(Job("web"), Wants([new(2, 1)], constraints: new Constraint.Limit("zone", 1)));
        Assert.Empty(_ledger.Plan(Start).Reservations);
        _ledger.Node(Describe("c") with { Attributes = Attributes(("zone", "y")) });
        Assert.Equal("c", Assert.Single(_ledger.Plan(Start).Reservations).Node);
        Assert.Equal(3, _ledger.Placed);
    }

    [Fact]
    public void What_comes_twice_or_is_unknown_changes_nothing()
    {
        var options = new LedgerOptions { PreemptAfter = TimeSpan.Zero };
        var ledger = new Ledger(options);
        ledger.Node(Describe("n", cpu: 1000));
        ledger.Demand(Job("runs", "b"), Wants(Attempts(1)) with { Tier = Tier.Preemptible });
        var reserved = Assert.Single(ledger.Plan(Start).Reservations);
        ledger.Demand(Job("waits"), Wants(Attempts(1)));
        var preemption = Assert.Single(ledger.Plan(Start.AddSeconds(1)).Preemptions);
        var before = Text(ledger);

        for (var i = 0; i < 2; i++)
        {
            ledger.Apply(new LedgerEvent.Reserved(reserved));
            ledger.Apply(new LedgerEvent.Preempted(preemption));
            ledger.Node(Describe("n", cpu: 1000));
            ledger.Node(Describe("n", cpu: 7), generation: 0);
            ledger.Demand(Job("waits"), Wants(Attempts(1)));
            ledger.Release(Job("nobody"), new AttemptRef(0, 1));
            ledger.Release(Job("runs", "b"), new AttemptRef(0, 2), new AttemptRef(7, 1));
            ledger.Apply(new LedgerEvent.PromiseEnded(Job("nobody"), new(0, 1)));
            ledger.Apply(new LedgerEvent.PromiseEnded(Job("waits"), new(5, 1)));
            ledger.Apply(new LedgerEvent.NodeRemoved("unknown"));
            ledger.Apply(new LedgerEvent.NodeRemoved("n"));
            ledger.Apply(new LedgerEvent.NodeReserved("unknown", "a", new(1, 1, 0, 0)));
            ledger.Apply(new LedgerEvent.NodeReserved("n", "a//b", new(1, 1, 0, 0)));
            ledger.Apply(new LedgerEvent.NodeReserved("n", "a", new(-1, 0, 0, 0)));
            Assert.Equal(before, Text(ledger));
        }

        ledger.Release(Job("runs", "b"), new AttemptRef(0, 1), new AttemptRef(0, 1));
        ledger.Release(Job("runs", "b"), new AttemptRef(0, 1));
        Assert.Equal(Job("waits"), Assert.Single(ledger.Plan(Start.AddSeconds(2)).Reservations).Job);
        Assert.Equal(1000, ledger.DescribeNode("n")!.Used.CpuMillis);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, long.MaxValue)]
    [InlineData(int.MaxValue, -1)]
    public void A_round_that_may_do_nothing_says_that_there_is_more(int placements, long looks)
    {
        _ledger.Node(Describe("n"));
        _ledger.Demand(Job("job"), Wants(Attempts(1)));
        Assert.True(_ledger.Plan(Start, placements, looks) is { Placed: 0, HasMore: true });
        Assert.Equal(1, _ledger.Plan(Start).Placed);
    }

    [Fact]
    public void Whatever_numbers_come_nothing_is_thrown_and_nothing_visible_is_negative() =>
        Gen.Int.Sample(seed =>
        {
            var random = new Random(seed);
            var ledger = new Ledger(new LedgerOptions { PreemptAfter = TimeSpan.FromSeconds(2), HoldAfter = TimeSpan.FromSeconds(4) });
            var now = Start;
            for (var step = 0; step < 40; step++)
            {
                now = now.AddSeconds(1);
                Apply(ledger, random, now);
                if (random.Next(2) == 0) ledger.Plan(now, random.Next(-1, 20));
                foreach (var view in ledger.DescribeNodes()) Assert.True(view.Used.IsNonNegative && view.Tasks >= 0);
                Assert.True(ledger is { Pending: >= 0, Placed: >= 0, Promised: >= 0 });
                if (step % 10 == 9) foreach (var job in ledger.Jobs.ToList()) Assert.NotNull(ledger.Explain(job, now));
            }
        }, iter: 3000);

    /// <summary>
    /// What the ledger is never told: agents' capacities, quotas and weights are checked when they come in, and the journal names nodes
    /// before what is on them.
    /// </summary>
    [Fact]
    public void What_upstream_never_lets_through_is_an_invariant_that_is_broken()
    {
        Throws(new LedgerEvent.NodeChanged(Describe("n", cpu: -1), 1, true, MaintenanceMode.None));
        Throws(new LedgerEvent.NodeChanged(Describe("n", cpu: long.MaxValue), 1, true, MaintenanceMode.None));
        Throws(new LedgerEvent.RoleChanged("a", new Quota { Guarantee = new(-1, 0, 0, 0) }, 1));
        Throws(new LedgerEvent.RoleChanged("a", null, 0));
        Throws(new LedgerEvent.RoleChanged("a", null, double.NaN));
        Throws(new LedgerEvent.Reserved(new Reservation(Job("j"), "unknown", new(1, 1, 0, 0), Attempts(1), [])));
        Throws(new LedgerEvent.Preempted(new Preemption(Job("j"), new(0, 1), "unknown", [], [new(Job("v"), 0, 1)], Start, Wants([]))));
        Throws(new Unheard());
        Assert.Empty(_ledger.DescribeNodes());
        Assert.Empty(_ledger.Jobs);

        void Throws(LedgerEvent e) => Assert.Throws<InvariantException>(() => _ledger.Apply(e));
    }

    private static void Apply(Ledger ledger, Random random, DateTimeOffset now)
    {
        var (job, node) = (Job($"j{random.Next(4)}", random.Next(2) == 0 ? "a" : "b"), $"n{random.Next(3)}");
        switch (random.Next(7))
        {
            case 0:
                var capacity = new Resources(Size(8000), Size(8192), Size(8192), Size(4000));
                ledger.Node(Describe(node, capacity.CpuMillis, capacity.MemoryMiB, capacity.DiskMiB, capacity.GpuMillis,
                    (int)OddOr(20, 100_000)) with
                {
                    Overcommit = random.Next(5) switch { 0 => double.NaN, 1 => double.PositiveInfinity, 2 => -3, 3 => 1.5, _ => 1 },
                    Reserved = random.Next(3) == 0 ? Map(("a", new Resources(Size(1000), 1, 0, 0))) : Map<Resources>(),
                }, reachable: random.Next(5) > 0, generation: random.Next(3));
                break;
            case 1:
                ledger.Role(random.Next(2) == 0 ? "a" : "b", random.Next(3) == 0 ? null
                    : new Quota { Limit = new(Size(8000), Size(9000), null, null) });
                break;
            case 2 or 3:
                ledger.Demand(job, Wants([.. Enumerable.Range(0, random.Next(5))
                    .Select(i => new AttemptRef(random.Next(3), random.Next(1, 9)))]) with
                {
                    Request = random.Next(3) == 0
                        ? new(OddOr(1000), OddOr(100), OddOr(0), OddOr(0))
                        : new(250 * random.Next(1, 9), 64, 0, random.Next(3) * 500),
                    Ports = (int)OddOr(1, 1000),
                    Tier = (Tier)random.Next(3),
                    Priority = (int)OddOr(1, int.MaxValue),
                    Since = now.AddSeconds(-random.Next(10)),
                    Gang = random.Next(5) == 0,
                    TimeLimit = random.Next(3) switch { 0 => TimeSpan.MaxValue, 1 => TimeSpan.FromSeconds(-5), _ => null },
                    Constraints = random.Next(3) == 0 ? [new Constraint.Limit("node", (int)OddOr(1, 5))] : [],
                });
                break;
            case 4:
                ledger.Release(job, new AttemptRef(random.Next(3), random.Next(1, 9)));
                break;
            case 5:
                ledger.Apply(new LedgerEvent.NodeReserved(node, random.Next(4) == 0 ? "no//path"
                    : "a", new(OddOr(500), OddOr(64), 0, OddOr(0))));
                break;
            default:
                ledger.Apply(random.Next(2) == 0 ? new LedgerEvent.NodeRemoved(node)
                    : new LedgerEvent.PromiseEnded(job, new(0, random.Next(1, 9))));
                break;
        }

        long OddOr(long usual, long most = long.MaxValue) => random.Next(3) > 0 ? usual
            : Math.Clamp(Odd[random.Next(Odd.Length)], -most, most);

        long Size(long usual) => Math.Max(0, OddOr(usual, Quota.Largest));
    }

    private static string Text(Ledger ledger) =>
        string.Join('\n', ledger.DescribeNodes().Select(n => $"{n.Description.Capacity} {n.Used} {n.Tasks} {n.Status}")
        .Append($"{ledger.Placed} {ledger.Pending} {ledger.Promised} {ledger.Roles.AllocationsOf(0)} {ledger.Roles.ConsumedBy(0)}")
        .Concat(ledger.Preemptions.Select(p => $"{p.Job} {p.Node}")));

    private sealed record Unheard : LedgerEvent;
}
