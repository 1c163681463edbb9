namespace OrleansScheduler.Core;

/// <summary>What a round of events makes of a job: the change to write, then what to do once it is written.</summary>
public sealed record JobDecision
{
    /// <summary>The change; null when nothing changed and nothing is to be written.</summary>
    public JobChange? Change { get; init; }

    /// <summary>Tasks whose agents are to start them.</summary>
    public required IReadOnlyList<ScheduledTask> Launches { get; init; }

    /// <summary>Tasks whose agents are to stop them.</summary>
    public required IReadOnlyList<ScheduledTask> Kills { get; init; }

    /// <summary>Attempts that hold nothing any more.</summary>
    public required IReadOnlyList<AttemptRef> Released { get; init; }

    /// <summary>Whether what waits for nodes is not what it was.</summary>
    public bool DemandChanged { get; init; }

    /// <summary>News for those who watch.</summary>
    public required IReadOnlyList<EventView> Events { get; init; }

    /// <summary>When the job has to be looked at again though nothing happens; null for never.</summary>
    public DateTimeOffset? NextDue { get; init; }

    /// <summary>Whether something of the job is under way, so that its owner must stay awake.</summary>
    public bool InMotion { get; init; }
}
