using CsCheck;

namespace OrleansScheduler.Core.Tests;

public sealed class LedgerTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Core.Ledger _ledger = new();

    [Fact]
    public void The_node_that_is_left_with_least_is_taken_first()
    {
        Node("big", cpu: 8000);
        Node("small", cpu: 2000);
        Wants("web", 2, cpu: 1000);
        Assert.Equal(["small"], Plan().Select(r => r.Node));
    }

    [Fact]
    public void A_group_fills_one_node_after_the_other_and_the_rest_waits()
    {
        Node("a", cpu: 2000);
        Node("b", cpu: 3000);
        Wants("web", 7, cpu: 1000);
        Assert.Equal([("a", 2), ("b", 3)], Plan().Select(r => (r.Node, r.Attempts.Length)));
        Assert.Equal((5, 2), (_ledger.Placed, _ledger.Pending));
        Assert.False(_ledger.HasWork);
    }

    [Fact]
    public void What_becomes_free_goes_to_those_who_wait()
    {
        Node("a", cpu: 1000);
        Wants("one", 1, cpu: 1000);
        Plan();
        Wants("two", 1, cpu: 1000);
        Assert.Empty(Plan());
        _ledger.Apply(new LedgerEvent.Released(Job("one"), [new(0, 1)]));
        Assert.Equal(Job("two"), Assert.Single(Plan()).Job);
    }

    [Fact]
    public void Higher_priority_goes_first_then_age()
    {
        Node("a", cpu: 2000);
        Wants("late", 1, cpu: 1000, since: 2);
        Wants("early", 1, cpu: 1000, since: 1);
        Wants("urgent", 1, cpu: 1000, since: 3, priority: 10);
        Assert.Equal(["urgent", "early"], Plan().Select(r => r.Job.Name));
    }

    [Fact]
    public void P01_value_constraints_choose_nodes_and_a_missing_attribute_satisfies_only_the_negated_form()
    {
        Node("west", attributes: ("zone", "west"));
        Node("east", attributes: ("zone", "east"));
        Node("bare");
        Wants("web", 1, constraint: new Constraint.Value("zone", ["west"], Negated: false));
        Assert.Equal("west", Assert.Single(Plan()).Node);
        Wants("not", 3, cpu: 8000, constraint: new Constraint.Value("zone", ["west"], Negated: true));
        Assert.Equal(["bare", "east"], Plan().Select(r => r.Node).Order());
    }

    [Fact]
    public void Containers_go_only_to_nodes_that_offer_their_driver_and_without_any_that_is_said()
    {
        var spec = new JobSpec
        {
            Key = Job("web"),
            Type = JobType.Service,
            Task = new() { Driver = TaskDrivers.Container, Image = "web:1", Resources = new(100, 10, 0, 0) },
        };
        Node("old");
        Node("plain", attributes: (TaskDrivers.Attribute, TaskDrivers.Process));
        _ledger.Apply(new LedgerEvent.Demanded(Job("web"), [JobDescription.DemandOf(spec, spec, 1, Start, [new AttemptRef(0, 1)])]));
        Assert.Empty(Plan());
        var view = _ledger.Explain(Job("web"), Start)!;
        Assert.Equal($"1 instance of {Job("web")} wait: no node offers the container driver.", view.Summary);
        Assert.Equal([(Reasons.DriverNotOffered, 2)], Assert.Single(view.Groups).Reasons.Select(r => (r.Code, r.Nodes)));

        Node("engine", attributes: (TaskDrivers.Attribute, TaskDrivers.Container));
        Assert.Equal("engine", Assert.Single(Plan()).Node);
    }

    [Fact]
    public void P02_limit_constraints_count_the_jobs_own_attempts_per_value()
    {
        Node("a1", attributes: ("zone", "a"));
        Node("a2", attributes: ("zone", "a"));
        Node("b1", attributes: ("zone", "b"));
        Node("bare");
        Wants("web", 3, constraint: new Constraint.Limit("zone", 1));
        Assert.Equal(2, Plan().Count);
        var group = Assert.Single(_ledger.Explain(Job("web"), Start)!.Groups);
        Assert.Equal([(Reasons.LimitNotSatisfied, 3), (Reasons.ConstraintNotSatisfied, 1)], group.Reasons.Select(r => (r.Code, r.Nodes)));
    }

    [Fact]
    public void P04_nodes_that_drain_or_are_unreachable_get_nothing()
    {
        Node("drained", mode: MaintenanceMode.Draining);
        Node("gone", reachable: false);
        Wants("web", 1);
        Assert.Empty(Plan());
        var group = Assert.Single(_ledger.Explain(Job("web"), Start)!.Groups);
        Assert.Equal([Reasons.NodeDraining, Reasons.NodeUnreachable], group.Reasons.Select(r => r.Code));
    }

    [Fact]
    public void A_node_whose_disk_is_nearly_full_keeps_what_it_has_and_gets_nothing_more_until_that_is_over()
    {
        var node = new NodeDescription { Id = "a", Host = "a", Capacity = new(8000, 8192, 8192, 0) };
        _ledger.Node(node);
        Wants("web", 1, cpu: 1000);
        Assert.Single(Plan());

        _ledger.Node(node with { DiskPressure = true });
        Wants("more", 2, cpu: 1000);
        Assert.Empty(Plan());
        var group = Assert.Single(_ledger.Explain(Job("more"), Start)!.Groups);
        Assert.Equal((Reasons.NodeDiskPressure, 1), (Assert.Single(group.Reasons).Code, group.Reasons[0].Nodes));
        var view = _ledger.DescribeNode("a")!;
        Assert.Equal((true, "ready", 1), (view.DiskPressure, view.Status, view.Tasks));

        _ledger.Node(node);
        Assert.Equal(2, Plan().Sum(reservation => reservation.Attempts.Length));
    }

    [Fact]
    public void P05_ports_are_distinct_within_the_range_and_their_lack_is_said()
    {
        Node("a", ports: 5);
        Wants("web", 3, ports: 2);
        var reservation = Assert.Single(Plan());
        Assert.Equal(4, reservation.Ports.Distinct().Count());
        Assert.All(reservation.Ports, p => Assert.InRange(p, 31000, 31004));
        Assert.Equal(Reasons.InsufficientPorts, Assert.Single(Assert.Single(_ledger.Explain(Job("web"), Start)!.Groups).Reasons).Code);
    }

    [Fact]
    public void The_nearest_miss_says_what_is_needed_and_what_is_there()
    {
        Node("small", cpu: 1000);
        Node("nearly", cpu: 3500);
        Wants("web", 1, cpu: 4000);
        Plan();
        var group = Assert.Single(_ledger.Explain(Job("web"), Start)!.Groups);
        Assert.Equal(new NearestMiss("nearly", "cpu", "4", "3.5"), group.Nearest);
        Assert.Equal([new ReasonCount(Reasons.InsufficientCpu, 2, "insufficient cpu")], group.Reasons);
    }

    [Fact]
    public void A_node_that_shrinks_below_what_it_runs_keeps_it_and_gets_nothing_new()
    {
        Node("a", cpu: 4000);
        Wants("web", 4, cpu: 1000);
        Plan();
        Node("a", cpu: 2000, generation: 2);
        Wants("more", 1, cpu: 100);
        Assert.Empty(Plan());
        Assert.Equal(4000, _ledger.DescribeNodes()[0].Used.CpuMillis);
    }

    [Fact]
    public void News_of_an_older_session_changes_nothing()
    {
        Node("a", generation: 5);
        Node("a", reachable: false, generation: 4);
        Assert.Equal("ready", _ledger.DescribeNodes()[0].Status);
    }

    [Fact]
    public void A_plan_says_how_long_the_oldest_has_waited()
    {
        Wants("old", 1, since: -60);
        Wants("new", 1, since: -5);
        Assert.Equal(TimeSpan.FromSeconds(60), _ledger.Plan(Start).LongestWait);
        Node("a");
        Assert.Equal(TimeSpan.Zero, _ledger.Plan(Start).LongestWait);
    }

    [Fact]
    public void A_release_of_something_unknown_changes_nothing()
    {
        Node("a");
        _ledger.Apply(new LedgerEvent.Released(Job("nobody"), [new(0, 1)]));
        Wants("web", 1);
        Plan();
        _ledger.Apply(new LedgerEvent.Released(Job("web"), [new(9, 9)]));
        Assert.Equal(1, _ledger.Placed);
    }

    [Fact]
    public void Whatever_happens_no_node_gives_more_than_it_has_and_sums_agree() =>
        Gen.Int.Sample(seed =>
        {
            var random = new Random(seed);
            var ledger = new Core.Ledger();
            var held = new Dictionary<(JobKey, AttemptRef), (string Node, Resources Request, int[] Ports)>();
            var capacity = new Dictionary<string, Resources>(StringComparer.Ordinal);
            var attempts = 0;
            for (var i = 0; i < 60; i++)
            {
                switch (random.Next(4))
                {
                    case 0:
                        var node = Describe($"n{random.Next(5)}", 1000 * random.Next(1, 9), ports: 8, []);
                        if (!capacity.TryAdd(node.Id, node.Capacity)) break;
                        ledger.Apply(new LedgerEvent.NodeChanged(node, 1, true, MaintenanceMode.None));
                        break;
                    case 1:
                        var job = Job($"j{random.Next(6)}");
                        var refs = Enumerable.Range(0, random.Next(1, 6)).Select(n => new AttemptRef(n, ++attempts)).ToImmutableArray();
                        ledger.Apply(
                            new LedgerEvent.Demanded(job,
                            [Demand(refs, 250 * random.Next(1, 9), random.Next(3), priority: random.Next(3))]));
                        break;
                    case 2 when held.Count > 0:
                        var victim = held.ElementAt(random.Next(held.Count));
                        ledger.Apply(new LedgerEvent.Released(victim.Key.Item1, [victim.Key.Item2]));
                        held.Remove(victim.Key);
                        break;
                    default:
                        foreach (var r in ledger.Plan(Start, random.Next(1, 8)).Reservations)
                        {
                            for (var a = 0; a < r.Attempts.Length; a++) held.Add((r.Job, r.Attempts[a]),
                                (r.Node, r.Request, [.. r.PortsOf(a)]));
                        }

                        break;
                }

                Assert.Equal(held.Count, ledger.Placed);
                foreach (var view in ledger.DescribeNodes())
                {
                    var there = held.Values.Where(h => h.Node == view.Description.Id).ToList();
                    Assert.Equal(there.Aggregate(Resources.None, (sum, h) => sum + h.Request), view.Used);
                    Assert.True(view.Used.FitsInto(capacity[view.Description.Id]));
                    var ports = there.SelectMany(h => h.Ports).ToList();
                    Assert.Equal(ports.Count, ports.Distinct().Count());
                }
            }

            var copy = new Core.Ledger();
            foreach (var node in ledger.Nodes()) copy.Apply(node);
            foreach (var reservation in ledger.Reservations()) copy.Apply(new LedgerEvent.Reserved(reservation));
            Assert.Equal(ledger.DescribeNodes().Select(n => (n.Description.Id, n.Used, n.Tasks)),
                copy.DescribeNodes().Select(n => (n.Description.Id, n.Used, n.Tasks)));
        }, iter: 500);

    private static JobKey Job(string name) => new("role", "test", name);

    private static NodeDescription Describe(string id, long cpu, int ports, (string Name, string Value)[] attributes) => new()
    {
        Id = id,
        Host = "127.0.0.1",
        Capacity = new Resources(cpu, 16_384, 16_384, 0),
        FirstPort = 31000,
        PortCount = ports,
        Attributes = attributes.ToImmutableSortedDictionary(a => a.Name, a => ImmutableArray.Create(a.Value), StringComparer.Ordinal),
    };

    private static Demand Demand(ImmutableArray<AttemptRef> attempts, long cpu, int ports, int priority = 0, int since = 0,
        params Constraint[] constraints) => new()
        {
            Version = 1,
            Request = new Resources(cpu, 64, 0, 0),
            Ports = ports,
            Constraints = [.. constraints],
            Priority = priority,
            Since = Start.AddSeconds(since),
            Attempts = attempts,
        };

    private List<Reservation> Plan() => [.. _ledger.Plan(Start).Reservations];

    private void Node(
        string id, long cpu = 8000, int ports = 100, bool reachable = true, MaintenanceMode mode = MaintenanceMode.None,
            long generation = 1,
        params (string Name, string Value)[] attributes) =>
        _ledger.Apply(new LedgerEvent.NodeChanged(Describe(id, cpu, ports, attributes), generation, reachable, mode));

    private void Wants(string job, int count, long cpu = 1000, int ports = 0, int priority = 0, int since = 0,
        Constraint? constraint = null) =>
        _ledger.Apply(new LedgerEvent.Demanded(Job(job),
            [Demand([.. Enumerable.Range(0, count).Select(i => new AttemptRef(i, 1))], cpu, ports, priority, since, constraint is null ? []
                : [constraint])]));
}
