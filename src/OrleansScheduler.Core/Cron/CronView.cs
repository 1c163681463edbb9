namespace OrleansScheduler.Core;

/// <summary>A cron job's schedule and runs as users see them.</summary>
[GenerateSerializer, Immutable, Alias("osched.CronView")]
public sealed record CronView
{
    /// <summary>How many of the next runs are told.</summary>
    public const int RunsTold = 5;

    /// <summary>Whether its times are passed over until somebody resumes it.</summary>
    [Id(0)] public bool Paused { get; init; }

    /// <summary>Whether it was taken off its schedule.</summary>
    [Id(1)] public bool Descheduled { get; init; }

    /// <summary>When it runs next, jitter included, with the zone's offset; empty while it is paused or off its schedule.</summary>
    [Id(2)] public ImmutableArray<DateTimeOffset> NextRuns { get; init; } = [];

    /// <summary>A run that waits for the one before to end; null when none does.</summary>
    [Id(3)] public CronTrigger? Waiting { get; init; }

    /// <summary>Runs that go.</summary>
    [Id(4)] public ImmutableArray<CronRun> Active { get; init; } = [];

    /// <summary>The last runs that have ended, the latest first.</summary>
    [Id(5)] public ImmutableArray<CronRun> Recent { get; init; } = [];

    /// <summary>Missed times that are still to be made up for.</summary>
    [Id(6)] public ImmutableArray<DateTimeOffset> Backlog { get; init; } = [];

    /// <summary>Runs started so far.</summary>
    [Id(7)] public long Started { get; init; }

    /// <summary>Times that did not run, by the rules or by a user's wish.</summary>
    [Id(8)] public long PassedOver { get; init; }

    /// <summary>Times that nobody was there for and that were not made up for.</summary>
    [Id(9)] public long Missed { get; init; }

    /// <summary>Every time up to this moment has been decided.</summary>
    [Id(10)] public DateTimeOffset DecidedUntil { get; init; }

    /// <summary>The view of a state.</summary>
    public static CronView Of(JobKey key, CronSchedule schedule, CronState state) => new()
    {
        Paused = state.Paused,
        Descheduled = state.Descheduled,
        NextRuns = state.IsScheduled && CronExpressions.Read(schedule.Expression, schedule.TimeZone).Value is { } timetable
            ? [.. timetable.After(state.DecidedUntil).Take(RunsTold).Select(time => timetable.DueAt(time, schedule.Jitter, key))]
            : [],
        Waiting = state.Waiting,
        Active = state.Active,
        Recent = [.. state.Recent.Reverse()],
        Backlog = state.Backlog,
        Started = state.Started,
        PassedOver = state.PassedOver,
        Missed = state.Missed,
        DecidedUntil = state.DecidedUntil,
    };
}
