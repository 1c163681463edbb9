namespace OrleansScheduler.Core;

/// <summary>One job in the ledger: what it holds and what it waits for.</summary>
internal sealed class LedgerJob(JobKey key)
{
    public JobKey Key { get; } = key;

    public Dictionary<AttemptRef, Held> Holding { get; } = [];

    /// <summary>Attempts of the job by node, for limit constraints.</summary>
    public Dictionary<int, int> CountByNode { get; } = [];

    public List<DemandGroup> Groups { get; } = [];

    public bool IsIdle => Holding.Count == 0 && Groups.Count == 0;

    /// <summary>What one attempt holds.</summary>
    public sealed record Held(int Node, Resources Request, ImmutableArray<int> Ports);
}

/// <summary>Equal attempts of one job that wait.</summary>
internal sealed class DemandGroup(JobKey job, Demand demand)
{
    public JobKey Job { get; } = job;

    public Demand Demand { get; } = demand;

    /// <summary>The first of <see cref="Demand"/>'s attempts that still waits; those before it have been placed.</summary>
    public Queue<AttemptRef> Waiting { get; init; } = [];

    /// <summary>The ledger's <c>Supply</c> at which nothing more fitted; nothing will until that grows.</summary>
    public long BlockedAt { get; set; } = -1;

    public bool HasLimits { get; } = demand.Constraints.Any(c => c is Constraint.Limit);

    public static int Compare(DemandGroup a, DemandGroup b)
    {
        var order = b.Demand.Priority.CompareTo(a.Demand.Priority);
        if (order == 0) order = a.Demand.Since.CompareTo(b.Demand.Since);
        if (order == 0) order = a.Job.CompareTo(b.Job);
        return order != 0 ? order : a.Demand.Version.CompareTo(b.Demand.Version);
    }
}
