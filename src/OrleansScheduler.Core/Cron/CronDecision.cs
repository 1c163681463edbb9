namespace OrleansScheduler.Core;

/// <summary>What was decided about a cron job.</summary>
public enum CronDecisionKind
{
    /// <summary>A run starts.</summary>
    RunStarted,

    /// <summary>The runs that go are to be killed; a new one starts when they have ended.</summary>
    RunWaits,

    /// <summary>A run has ended.</summary>
    RunEnded,

    /// <summary>Occurrences do not run, though they were noticed in time.</summary>
    PassedOver,

    /// <summary>Occurrences were noticed too late.</summary>
    Missed,

    /// <summary>The job follows its schedule from now on.</summary>
    Scheduled,

    /// <summary>The job passes its occurrences over until it is resumed.</summary>
    Paused,

    /// <summary>The job follows its schedule again.</summary>
    Resumed,

    /// <summary>The job is off its schedule.</summary>
    Descheduled,
}

/// <summary>One decision with its reason.</summary>
/// <param name="Kind">What was decided.</param>
/// <param name="Message">The reason, for people.</param>
public sealed record CronDecision(CronDecisionKind Kind, string Message)
{
    /// <summary>The run that starts or has ended.</summary>
    public CronRun? Run { get; init; }

    /// <summary>The occurrence that is decided, or the first of several.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The last of the occurrences that are decided.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Occurrences of these that will still be made up for.</summary>
    public ImmutableArray<DateTimeOffset> Kept { get; init; } = [];

    /// <summary>The name that events carry, such as <c>RUN_STARTED</c>.</summary>
    public string Status => Kind switch
    {
        CronDecisionKind.RunStarted => "RUN_STARTED",
        CronDecisionKind.RunWaits => "RUN_WAITS",
        CronDecisionKind.RunEnded => $"RUN_{Run!.Outcome.ToString().ToUpperInvariant()}",
        CronDecisionKind.PassedOver => "PASSED_OVER",
        CronDecisionKind.Missed => "MISSED",
        CronDecisionKind.Scheduled => "SCHEDULED",
        CronDecisionKind.Paused => "PAUSED",
        CronDecisionKind.Resumed => "RESUMED",
        CronDecisionKind.Descheduled => "DESCHEDULED",
        _ => throw new InvariantException($"no name for {Kind}"),
    };
}

/// <summary>The state after some decisions.</summary>
/// <param name="State">The state.</param>
/// <param name="Decisions">What was decided, in order.</param>
public sealed record CronStep(CronState State, ImmutableArray<CronDecision> Decisions);
