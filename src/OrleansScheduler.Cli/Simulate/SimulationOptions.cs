using OrleansScheduler.Agent;

namespace OrleansScheduler.Cli;

/// <summary>How load comes.</summary>
internal enum LoadMode
{
    /// <summary>As fast as it is taken, with a bound on what is not finished.</summary>
    Closed,

    /// <summary>At its own times, whatever the cell makes of it.</summary>
    Open,
}

/// <summary>What is simulated.</summary>
internal sealed record SimulationOptions
{
    /// <summary>The nodes.</summary>
    public required ImmutableArray<NodeDescription> Nodes { get; init; }

    /// <summary>The jobs, in the order in which they come.</summary>
    public required IEnumerable<PlannedJob> Jobs { get; init; }

    /// <summary>How many roles they belong to.</summary>
    public required int Roles { get; init; }

    /// <summary>How tasks fare.</summary>
    public required VirtualTaskModel Model { get; init; }

    /// <summary>How load comes.</summary>
    public LoadMode Mode { get; init; }

    /// <summary>Most tasks that are submitted and not finished; unbounded when null.</summary>
    public int? MostUnfinished { get; init; }

    /// <summary>How long load comes; null until there are no more jobs.</summary>
    public TimeSpan? RunFor { get; init; }

    /// <summary>Requests under way at once.</summary>
    public int Submitters { get; init; } = 16;

    /// <summary>Jobs in one request.</summary>
    public int JobsPerRequest { get; init; } = 1;

    /// <summary>Without any progress for this long the simulation ends.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>One job of the load.</summary>
/// <param name="Spec">What is submitted.</param>
/// <param name="Duration">How long an instance runs; zero for ever.</param>
/// <param name="DueAt">When it comes, from the start of the load.</param>
/// <param name="Role">Place of its role among those of the load.</param>
internal sealed record PlannedJob(JobSpec Spec, TimeSpan Duration, TimeSpan DueAt, int Role);
