namespace OrleansScheduler.Core;

/// <summary>How a job moves to another version.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdateView")]
public sealed record UpdateView
{
    /// <summary>Version it leaves.</summary>
    [Id(0)] public int FromVersion { get; init; }

    /// <summary>Version it goes to.</summary>
    [Id(1)] public int ToVersion { get; init; }

    /// <summary>Aurora's name of where it is, such as <c>ROLLING_FORWARD</c>, <c>ROLLED_BACK</c> or <c>FAILED</c>.</summary>
    [Id(2)] public required string Status { get; init; }

    /// <summary>Instances that are done: as they should be, and that for the watch time.</summary>
    [Id(3)] public int Done { get; init; }

    /// <summary>Instances that it moves; on the way back those that it had begun to move.</summary>
    [Id(4)] public int Total { get; init; }

    /// <summary>Why it is where it is; null when there is nothing to say.</summary>
    [Id(5)] public string? Message { get; init; }

    /// <summary>The job.</summary>
    [Id(6)] public JobKey Job { get; init; }

    /// <summary>When it started.</summary>
    [Id(7)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    [Id(8)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who started it.</summary>
    [Id(9)] public string? Actor { get; init; }

    /// <summary>Instances that have set out and are not done.</summary>
    [Id(10)] public InstanceSet InFlight { get; init; }

    /// <summary>Instances that ended too often.</summary>
    [Id(11)] public InstanceSet Failed { get; init; }

    /// <summary>When the last pulse came; null when none did.</summary>
    [Id(12)] public DateTimeOffset? LastPulse { get; init; }

    /// <summary>Its story, oldest first; only where one update or those of one job were asked for.</summary>
    [Id(13)] public ImmutableArray<UpdateEvent> Events { get; init; } = [];
}

/// <summary>What came of a command to an update.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdateReceipt")]
public sealed record UpdateReceipt
{
    /// <summary>The pulse was taken.</summary>
    public const string PulseOk = "ok";

    /// <summary>The update needs no pulse any more.</summary>
    public const string PulseFinished = "finished";

    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>Which update: the version that it goes to.</summary>
    [Id(1)] public int Update { get; init; }

    /// <summary>Aurora's name of where it is now; null when it is not known.</summary>
    [Id(2)] public string? Status { get; init; }

    /// <summary>For a pulse: <c>ok</c>, or <c>finished</c> when the update has ended or is not known.</summary>
    [Id(3)] public string? Pulse { get; init; }

    /// <summary>One sentence for people.</summary>
    [Id(4)] public required string Message { get; init; }
}

/// <summary>One version of a job's spec.</summary>
[GenerateSerializer, Immutable, Alias("osched.VersionView")]
public sealed record VersionView
{
    /// <summary>Its number.</summary>
    [Id(0)] public required int Version { get; init; }

    /// <summary>When it was accepted.</summary>
    [Id(1)] public DateTimeOffset AcceptedAt { get; init; }

    /// <summary>Who asked for it.</summary>
    [Id(2)] public required string Actor { get; init; }

    /// <summary>Whether the job is it, or is becoming it.</summary>
    [Id(3)] public bool IsCurrent { get; init; }

    /// <summary>Instances that run it.</summary>
    [Id(4)] public InstanceSet Instances { get; init; }

    /// <summary>The spec.</summary>
    [Id(5)] public required JobSpec Spec { get; init; }
}

/// <summary>What differs between two specs of a job.</summary>
/// <param name="Key">The job.</param>
/// <param name="From">The version that is compared.</param>
/// <param name="To">The version that it is compared with.</param>
/// <param name="Changes">The fields that differ, in the order of a job file; empty when nothing does.</param>
public sealed record JobDiffView(JobKey Key, int From, int To, ImmutableArray<FieldChange> Changes);
