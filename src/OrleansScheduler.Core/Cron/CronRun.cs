namespace OrleansScheduler.Core;

/// <summary>Who asked for a run.</summary>
public enum CronOrigin
{
    /// <summary>The schedule.</summary>
    Schedule,

    /// <summary>The schedule, while nobody was there to hear it.</summary>
    CatchUp,

    /// <summary>A user who would not wait.</summary>
    User,
}

/// <summary>What became of a run.</summary>
public enum CronOutcome
{
    /// <summary>It still goes.</summary>
    Running,

    /// <summary>Every instance exited 0.</summary>
    Finished,

    /// <summary>Some instance failed for good.</summary>
    Failed,

    /// <summary>It was ended, by a user or by the run after it.</summary>
    Killed,
}

/// <summary>Why there is a run.</summary>
/// <param name="Origin">Who asked for it.</param>
/// <param name="Occurrence">The time of the schedule that it stands for; null when a user asked.</param>
/// <param name="Actor">The user who asked.</param>
/// <param name="Operation">The operation by which the user asked.</param>
[GenerateSerializer, Immutable, Alias("osched.CronTrigger")]
public sealed record CronTrigger(
    [property: Id(0)] CronOrigin Origin, [property: Id(1)] DateTimeOffset? Occurrence, [property: Id(2)] string? Actor,
    [property: Id(3)] string? Operation)
{
    /// <summary>What the run is for, for people.</summary>
    public override string ToString() => Origin switch
    {
        CronOrigin.User => $"the run that {Actor} asked for",
        CronOrigin.CatchUp => $"the missed run of {Stamp(Occurrence)}",
        _ => $"the run of {Stamp(Occurrence)}",
    };

    internal static string Stamp(DateTimeOffset? at) => at is { } time ? time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") : "";
}

/// <summary>One run of a cron job: a block of its instances.</summary>
[GenerateSerializer, Immutable, Alias("osched.CronRun")]
public sealed record CronRun
{
    /// <summary>From 1, without gaps, in the order in which runs started.</summary>
    [Id(0)] public required long Number { get; init; }

    /// <summary>Why there is the run.</summary>
    [Id(1)] public required CronTrigger Trigger { get; init; }

    /// <summary>When its tasks were asked for.</summary>
    [Id(2)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>Version of the job that it runs.</summary>
    [Id(3)] public int Version { get; init; }

    /// <summary>Its first instance; 0 unless it runs beside another run.</summary>
    [Id(4)] public int FirstInstance { get; init; }

    /// <summary>How many instances it has.</summary>
    [Id(5)] public int Instances { get; init; }

    /// <summary>When its last task ended; null while it goes.</summary>
    [Id(6)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What became of it.</summary>
    [Id(7)] public CronOutcome Outcome { get; init; }

    /// <summary>Whether an instance belongs to the run.</summary>
    public bool Has(int instance) => instance >= FirstInstance && instance < FirstInstance + Instances;
}
