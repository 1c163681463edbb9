namespace OrleansScheduler.Core;

/// <summary>What happens after failures (Aurora's max_task_failures and flapping penalties).</summary>
[GenerateSerializer, Immutable, Alias("osched.RetryPolicy")]
public sealed record RetryPolicy
{
    /// <summary>
    /// Failures after which an instance of a batch job has failed for good. Default 1, so no retry; -1 retries for ever. Services ignore
    /// it.
    /// </summary>
    [Id(0)] public int MaxFailures { get; init; } = 1;

    /// <summary>First penalty of an instance that ended too soon. Default 30 s.</summary>
    [Id(1)] public TimeSpan BackoffInitial { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest penalty; also the age before which an end counts as too soon. Default 5 min.</summary>
    [Id(2)] public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Batch and cron jobs: when more instances than this have failed for good, the job has failed and the others are stopped. Null, the
    /// default, lets all go on to their ends.
    /// </summary>
    [Id(3)] public int? MaxFailedInstances { get; init; }
}

/// <summary>What maintenance must leave running.</summary>
/// <param name="Percentage">Share of instances, 0 to 100, or null.</param>
/// <param name="Count">Number of instances, or null.</param>
/// <param name="Duration">How long an instance must have run to count.</param>
[GenerateSerializer, Immutable, Alias("osched.SlaPolicy")]
public sealed record SlaPolicy([property: Id(0)] double? Percentage, [property: Id(1)] int? Count, [property: Id(2)] TimeSpan Duration)
{
    /// <summary>How long an instance must have run to count when nobody says: 30 min.</summary>
    public static readonly TimeSpan DefaultDuration = TimeSpan.FromMinutes(30);

    /// <summary>Who decides instead of a number; null when a number does.</summary>
    [Id(3)] public SlaCoordinator? Coordinator { get; init; }
}

/// <summary>A service of the user that knows which instances may be stopped.</summary>
/// <param name="Url">Where it is asked: <c>http</c> or <c>https</c>.</param>
/// <param name="Key">Name of the field of its answer that is true when the instance may be stopped. Default <c>drain</c>.</param>
[GenerateSerializer, Immutable, Alias("osched.SlaCoordinator")]
public sealed record SlaCoordinator([property: Id(0)] string Url, [property: Id(1)] string Key);

/// <summary>What happens to instances on a node that nobody can reach.</summary>
/// <remarks>
/// Otherwise an instance may run twice for a while: its replacement starts while the old attempt goes on where nobody can stop it.
/// </remarks>
[GenerateSerializer, Immutable, Alias("osched.PartitionPolicy")]
public sealed record PartitionPolicy
{
    /// <summary>Whether they are replaced elsewhere. Default true.</summary>
    [Id(0)] public bool Reschedule { get; init; } = true;

    /// <summary>How long to wait before replacing them. Default none.</summary>
    [Id(1)] public TimeSpan Delay { get; init; }

    /// <summary>
    /// Whether an instance never runs twice: its node ends it when it has heard nothing of the cell for as long as its lease lasts, and
    /// only then it is replaced. Default false.
    /// </summary>
    [Id(2)] public bool Strict { get; init; }
}

/// <summary>What a cron job does when it is due while its last run is still going.</summary>
public enum CronCollision
{
    /// <summary>The old run is killed, then the new one starts.</summary>
    KillExisting,

    /// <summary>The new run is skipped.</summary>
    CancelNew,

    /// <summary>Both run.</summary>
    Allow,
}

/// <summary>When a cron job starts.</summary>
/// <param name="Expression">
/// Five fields: minute, hour, day of month, month, day of week, as Aurora reads them; or six with seconds first.
/// </param>
/// <param name="TimeZone">IANA zone name. Default UTC.</param>
/// <param name="Collision">What happens on overlap.</param>
[GenerateSerializer, Immutable, Alias("osched.CronSchedule")]
public sealed record CronSchedule([property: Id(0)] string Expression, [property: Id(1)] string TimeZone,
    [property: Id(2)] CronCollision Collision)
{
    /// <summary>
    /// Most runs that are made up for when occurrences were missed by more than <see cref="CronMachine.Grace"/>; those that are in time
    /// just then count among them. 0 for none, 1 for the last. Default none.
    /// </summary>
    [Id(3)] public int CatchUp { get; init; }

    /// <summary>
    /// Longest delay of a run behind its time: it differs from run to run and from job to job, so that not all start at once. Default
    /// none.
    /// </summary>
    [Id(4)] public TimeSpan Jitter { get; init; }
}
