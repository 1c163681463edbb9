namespace OrleansScheduler.Core;

/// <summary>Where an update is. Names and numbers are Aurora's (JobUpdateStatus).</summary>
public enum UpdateStatus
{
    /// <summary>Instances move to the new version.</summary>
    RollingForward = 0,

    /// <summary>Instances move back to the old version.</summary>
    RollingBack = 1,

    /// <summary>All instances have the new version.</summary>
    RolledForward = 4,

    /// <summary>All instances have the old version again.</summary>
    RolledBack = 5,

    /// <summary>A user ended it half way.</summary>
    Aborted = 6,

    /// <summary>It failed and did not, or could not, go back.</summary>
    Failed = 8,
}

/// <summary>How far a job is on its way to another version.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdateState")]
public sealed record UpdateState
{
    /// <summary>Version it leaves.</summary>
    [Id(0)] public required int FromVersion { get; init; }

    /// <summary>Version it goes to.</summary>
    [Id(1)] public required int ToVersion { get; init; }

    /// <summary>Where it is.</summary>
    [Id(2)] public required UpdateStatus Status { get; init; }

    /// <summary>How often instances ended by themselves while they ran the version they were to get.</summary>
    [Id(3)] public ImmutableSortedDictionary<int, int> Ends { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>Instances that ended too often.</summary>
    [Id(4)] public ImmutableSortedSet<int> FailedInstances { get; init; } = [];

    /// <summary>Why it failed or goes back.</summary>
    [Id(5)] public string? Message { get; init; }

    /// <summary>When it started.</summary>
    [Id(6)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether instances still move.</summary>
    public bool IsActive => Status is UpdateStatus.RollingForward or UpdateStatus.RollingBack;

    /// <summary>Version that instances are moving to.</summary>
    public int Target => Status is UpdateStatus.RollingBack or UpdateStatus.RolledBack ? FromVersion : ToVersion;

    /// <summary>Aurora's name of the status.</summary>
    public string StatusName => Status switch
    {
        UpdateStatus.RollingForward => "ROLLING_FORWARD",
        UpdateStatus.RollingBack => "ROLLING_BACK",
        UpdateStatus.RolledForward => "ROLLED_FORWARD",
        UpdateStatus.RolledBack => "ROLLED_BACK",
        UpdateStatus.Aborted => "ABORTED",
        UpdateStatus.Failed => "FAILED",
        _ => throw new InvariantException($"unknown update status {(int)Status}"),
    };
}
