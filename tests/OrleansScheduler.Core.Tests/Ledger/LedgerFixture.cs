namespace OrleansScheduler.Core.Tests;

/// <summary>Short ways to say nodes, jobs and demands.</summary>
internal static class LedgerFixture
{
    public static DateTimeOffset Start { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static JobKey Job(string name, string role = "role") => new(role, "test", name);

    public static ImmutableSortedDictionary<string, T> Map<T>(params (string Key, T Value)[] entries) =>
        entries.ToImmutableSortedDictionary(e => e.Key, e => e.Value, StringComparer.Ordinal);

    public static ImmutableSortedDictionary<string, ImmutableArray<string>> Attributes(params (string Name, string Value)[] attributes) =>
        Map([.. attributes.GroupBy(a => a.Name).Select(g => (g.Key, g.Select(a => a.Value).ToImmutableArray()))]);

    public static NodeDescription Describe(string id, long cpu = 8000, long memory = 16_384, long disk = 16_384, long gpu = 0,
        int ports = 100) =>
        new()
        {
            Id = id,
            Host = "127.0.0.1",
            Capacity = new Resources(cpu, memory, disk, gpu),
            FirstPort = 31_000,
            PortCount = ports,
        };

    public static ImmutableArray<AttemptRef> Attempts(int count, int number = 1) =>
        [.. Enumerable.Range(0, count).Select(i => new AttemptRef(i, number))];

    public static Demand Wants(ImmutableArray<AttemptRef> attempts, long cpu = 1000, long memory = 64,
        params ImmutableArray<Constraint> constraints) =>
        new()
        {
            Version = 1,
            Request = new Resources(cpu, memory, 0, 0),
            Constraints = constraints,
            Since = Start,
            Attempts = attempts,
        };

    public static void Node(this Ledger ledger, NodeDescription node, bool reachable = true, MaintenanceMode mode = MaintenanceMode.None,
        long generation = 1) => ledger.Apply(new LedgerEvent.NodeChanged(node, generation, reachable, mode));

    public static void Demand(this Ledger ledger, JobKey job, params ImmutableArray<Demand> demands) =>
        ledger.Apply(new LedgerEvent.Demanded(job, demands));

    public static void Release(this Ledger ledger, JobKey job, params ImmutableArray<AttemptRef> attempts) =>
        ledger.Apply(new LedgerEvent.Released(job, attempts));

    public static void Role(this Ledger ledger, string role, Quota? quota, double weight = 1) =>
        ledger.Apply(new LedgerEvent.RoleChanged(role, quota, weight));

    /// <summary>Who got which node, in the order of the plan.</summary>
    public static IEnumerable<(JobKey Job, Reservation Reservation, Placement Placement)> Placements(this LedgerPlan plan)
    {
        foreach (var reservation in plan.Reservations)
        {
            for (var i = 0; i < reservation.Attempts.Length; i++) yield return (reservation.Job, reservation, reservation.PlacementOf(i));
        }
    }
}
