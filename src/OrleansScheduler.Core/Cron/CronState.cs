namespace OrleansScheduler.Core;

/// <summary>What a cron job knows about its schedule. Durable, as part of the job's header.</summary>
/// <remarks>
/// The entry of the journal that starts a run also moves <see cref="DecidedUntil"/> on, so whoever owns the job next neither repeats an
/// occurrence nor leaves one out.
/// </remarks>
[GenerateSerializer, Immutable, Alias("osched.CronState")]
public sealed record CronState
{
    /// <summary>Every occurrence up to this moment has been decided. It never goes back, also when the clock does.</summary>
    [Id(0)] public DateTimeOffset DecidedUntil { get; init; }

    /// <summary>Whether occurrences are passed over until a user resumes the job.</summary>
    [Id(1)] public bool Paused { get; init; }

    /// <summary>Whether a user took the job off its schedule.</summary>
    [Id(2)] public bool Descheduled { get; init; }

    /// <summary>A run that waits for the old one to end; null when none does.</summary>
    [Id(3)] public CronTrigger? Waiting { get; init; }

    /// <summary>Runs that go, in the order of their numbers. Their instances do not overlap.</summary>
    [Id(4)] public ImmutableArray<CronRun> Active { get; init; } = [];

    /// <summary>Runs that have ended, the latest last; at most <see cref="CronMachine.MaxRecent"/>.</summary>
    [Id(5)] public ImmutableArray<CronRun> Recent { get; init; } = [];

    /// <summary>Occurrences that were missed and are made up for as soon as there is room, in their order.</summary>
    [Id(6)] public ImmutableArray<DateTimeOffset> Backlog { get; init; } = [];

    /// <summary>Runs started so far: the number of the last one.</summary>
    [Id(7)] public long Started { get; init; }

    /// <summary>Occurrences that were decided in time and did not run.</summary>
    [Id(8)] public long PassedOver { get; init; }

    /// <summary>Occurrences that nobody was there for and that were not made up for.</summary>
    [Id(9)] public long Missed { get; init; }

    /// <summary>Whether occurrences make it run.</summary>
    public bool IsScheduled => !Paused && !Descheduled;

    /// <summary>A job that was put on its schedule just now: only what comes behind <paramref name="now"/> counts.</summary>
    public static CronState Begin(DateTimeOffset now) => new() { DecidedUntil = now };
}
