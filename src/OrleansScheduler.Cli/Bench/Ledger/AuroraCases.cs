namespace OrleansScheduler.Cli;

/// <summary>
/// Aurora's own scheduling benchmarks by name (its src/jmh): tasks of cpu 6, memory 8 GB, disk 128 GB on hosts of 8, 16 GB and 256 GB, so
/// one task a host; a quarter of the hosts runs tasks of the same job, a quarter runs others that may be preempted.
/// </summary>
internal static class AuroraCases
{
    private static readonly Resources Host = new(8000, 16_384, 262_144, 0);
    private static readonly Resources Task = new(6000, 8192, 131_072, 0);
    private static readonly DateTimeOffset Late = DateTimeOffset.UnixEpoch.AddHours(1);

    public static IEnumerable<LedgerBenchRow> Run()
    {
        yield return FillCluster();
        yield return Unplaceable("InsufficientResources", Task with { CpuMillis = 32_000 }, [], "Aurora 3,400/s");
        yield return Unplaceable("ValueConstraintMismatch", Task, [new Constraint.Value("host", ["denied"], false)],
            "Aurora 18,000-23,000/s");
        yield return Unplaceable("LimitConstraintMismatch", Task, [new Constraint.Limit("zone", 1)], "Aurora 404-432/s");
        yield return ClusterFullUtilization();
        foreach (var pending in new[] { 1, 10, 100, 1000 }) yield return PreemptorSlotSearch(pending);
    }

    private static LedgerBenchRow FillCluster()
    {
        const int Hosts = 200_000, Tasks = 10;
        var (ledger, job) = (Cell(Hosts, siblings: 2000, victims: 2000), 0);
        return Measure.Rate("FillCluster", Hosts, Tasks, () =>
        {
            var key = Key($"fresh{job++}");
            Want(ledger, key, Tasks, Task, []);
            ledger.Plan(DateTimeOffset.UnixEpoch);
        }) with
        { Peer = "Aurora 880/s" };
    }

    /// <summary>A task that fits nowhere is looked at again: something else became free in the meantime.</summary>
    private static LedgerBenchRow Unplaceable(string name, Resources request, ImmutableArray<Constraint> constraints, string peer)
    {
        const int Hosts = 1000, Looks = 100;
        var ledger = Cell(Hosts, Hosts / 4, Hosts / 4);
        Want(ledger, Key("pending"), 1, request, constraints);
        return Measure.Rate(name, Hosts, Looks, () =>
        {
            for (var i = 0; i < Looks; i++)
            {
                ledger.Apply(new LedgerEvent.RoleChanged("other", null, 1));
                ledger.Plan(DateTimeOffset.UnixEpoch);
            }
        }) with
        { Peer = peer };
    }

    private static LedgerBenchRow ClusterFullUtilization()
    {
        const int Hosts = 10_000, Looks = 100;
        var ledger = Cell(Hosts, Hosts / 10, Hosts * 9 / 10);
        Want(ledger, Key("siblings"), Hosts / 10 + 1, Task, [new Constraint.Limit("host", 1)]);
        return Measure.Rate("ClusterFullUtilization", Hosts, Looks, () =>
        {
            for (var i = 0; i < Looks; i++)
            {
                ledger.Apply(new LedgerEvent.RoleChanged("other", null, 1));
                ledger.Plan(DateTimeOffset.UnixEpoch);
            }
        }) with
        { Peer = "Aurora 64,000/s, from a cache" };
    }

    /// <summary>A search for victims on a full cell that finds none: the constraint is denied everywhere.</summary>
    private static LedgerBenchRow PreemptorSlotSearch(int pending)
    {
        const int Hosts = 10_000;
        var ledger = Cell(Hosts, 0, Hosts);
        for (var i = 0; i < pending; i++)
            Want(ledger, Key($"pending{i}"), 1, Task, [new Constraint.Value("host", ["denied"], false)], Tier.Preferred);
        return Measure.Rate($"PreemptorSlotSearch {pending}", Hosts, 1, () =>
        {
            ledger.Apply(new LedgerEvent.RoleChanged("other", null, 1));
            ledger.Plan(Late);
        }) with
        { Peer = "Aurora 39-46/s" };
    }

    private static Ledger Cell(int hosts, int siblings, int victims)
    {
        var ledger = new Ledger(new LedgerOptions { Policy = PlacementPolicy.BestFit });
        for (var i = 0; i < hosts; i++)
        {
            ledger.Apply(new LedgerEvent.NodeChanged(
                new()
                {
                    Id = $"host{i}",
                    Host = $"host{i}",
                    Capacity = Host,
                    FirstPort = 31_000,
                    PortCount = 1024,
                    Attributes = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
                        .Add("host", [$"host{i}"]).Add("zone", [$"zone{i % 4}"]),
                }, 1, true, MaintenanceMode.None));
        }

        Want(ledger, Key("siblings"), siblings, Task, []);
        Want(ledger, Key("victims"), victims, Task, []);
        ledger.Plan(DateTimeOffset.UnixEpoch);
        return ledger;
    }

    private static void Want(
        Ledger ledger, JobKey key, int count, Resources request, ImmutableArray<Constraint> constraints, Tier tier = Tier.Preemptible) =>
        ledger.Apply(new LedgerEvent.Demanded(key,
        [
            new Demand
            {
                Version = 1,
                Request = request,
                Constraints = constraints,
                Tier = tier,
                Since = DateTimeOffset.UnixEpoch,
                Attempts = [.. Enumerable.Range(0, count).Select(i => new AttemptRef(i, 1))],
            },
        ]));

    private static JobKey Key(string name) => new("bench", "prod", name);
}
