namespace OrleansScheduler.Core;

/// <summary>A job in one word, for lists.</summary>
public enum JobPhase
{
    /// <summary>Some instance still waits for a node, is starting or is not ready.</summary>
    Pending,

    /// <summary>All that should run runs.</summary>
    Running,

    /// <summary>A new version is rolling through the instances.</summary>
    Updating,

    /// <summary>Instances are being stopped for good.</summary>
    Stopping,

    /// <summary>Was stopped by a user.</summary>
    Stopped,

    /// <summary>Every instance of a batch job exited 0.</summary>
    Finished,

    /// <summary>A batch job has ended and some instance failed for good.</summary>
    Failed,

    /// <summary>A cron job between two runs.</summary>
    Scheduled,

    /// <summary>Other jobs have to succeed before it starts.</summary>
    Waiting,

    /// <summary>An update waits for somebody: to be resumed, or for a pulse.</summary>
    Paused = 10,
}

/// <summary>A job as users see it.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobView")]
public sealed record JobView
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>Service, batch or cron.</summary>
    [Id(1)] public JobType Type { get; init; }

    /// <summary>The job in one word.</summary>
    [Id(2)] public JobPhase Phase { get; init; }

    /// <summary>How many instances it should have.</summary>
    [Id(3)] public int Instances { get; init; }

    /// <summary>Version of the spec that it is, or is becoming; from 1.</summary>
    [Id(4)] public int Version { get; init; }

    /// <summary>Instances by status (upper case name); statuses nobody is in are left out.</summary>
    [Id(5)] public required ImmutableSortedDictionary<string, int> Counts { get; init; }

    /// <summary>When the first version was accepted.</summary>
    [Id(6)] public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed in any way.</summary>
    [Id(7)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Number of its last durable change; grows by one with each.</summary>
    [Id(8)] public long Revision { get; init; }

    /// <summary>The spec of <see cref="Version"/>.</summary>
    [Id(9)] public required JobSpec Spec { get; init; }

    /// <summary>The update in progress or the last one that ended; null when there never was one.</summary>
    [Id(10)] public UpdateView? Update { get; init; }

    /// <summary>When a cron job runs and what came of it; null for the other types.</summary>
    [Id(14)] public CronView? Cron { get; init; }

    /// <summary>Jobs that have to succeed before this one starts and have not yet.</summary>
    [Id(20)] public ImmutableArray<JobKey> WaitsFor { get; init; } = [];

    /// <summary>Why a batch job ended before all its instances did; null when it did not.</summary>
    [Id(21)] public string? EndReason { get; init; }

    /// <summary>Why the metric that the job is scaled by cannot be read; null when it can, or there is none.</summary>
    [Id(22)] public string? ScaleFailure { get; init; }

    /// <summary>How many of those that are RUNNING are not ready: they get no work.</summary>
    [Id(23)] public int NotReady { get; init; }

    /// <summary>
    /// Instances by version, those that run what the spec says under <see cref="Version"/>; several while an update is under way and after
    /// a canary.
    /// </summary>
    [Id(16)] public ImmutableArray<VersionGroup> Versions { get; init; } = [];

    /// <summary>Number of its first instance: not 0 after a blue/green update.</summary>
    [Id(17)] public int FirstInstance { get; init; }
}

/// <summary>What came of a submit.</summary>
[GenerateSerializer, Immutable, Alias("osched.SubmitReceipt")]
public sealed record SubmitReceipt
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>Version that the spec was accepted as.</summary>
    [Id(1)] public int Version { get; init; }

    /// <summary><c>created</c>, <c>started</c> (again), <c>updating</c>, <c>changed</c> (in place) or <c>unchanged</c>.</summary>
    [Id(2)] public required string Outcome { get; init; }
}

/// <summary>What came of a command to a job.</summary>
[GenerateSerializer, Immutable, Alias("osched.CommandReceipt")]
public sealed record CommandReceipt
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>How many instances it concerned.</summary>
    [Id(1)] public int Instances { get; init; }

    /// <summary>One sentence for people.</summary>
    [Id(2)] public required string Message { get; init; }
}

/// <summary>One page of a list.</summary>
/// <typeparam name="T">What is listed.</typeparam>
/// <param name="Items">The items of this page.</param>
/// <param name="Next">Token of the next page; null on the last.</param>
[GenerateSerializer, Immutable, Alias("osched.Page`1")]
public sealed record Page<T>([property: Id(0)] ImmutableArray<T> Items, [property: Id(1)] string? Next);
