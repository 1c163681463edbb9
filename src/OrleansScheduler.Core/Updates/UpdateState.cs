namespace OrleansScheduler.Core;

/// <summary>How far a job is on its way to another version. Small whatever the number of instances, for every round writes it.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdateState")]
public sealed record UpdateState
{
    /// <summary>Version it leaves.</summary>
    [Id(0)] public required int FromVersion { get; init; }

    /// <summary>Version it goes to. No other update of the job goes there, so it names the update.</summary>
    [Id(1)] public required int ToVersion { get; init; }

    /// <summary>Where it is.</summary>
    [Id(2)] public required UpdateStatus Status { get; init; }

    /// <summary>How often instances in flight ended by themselves while they ran the version they were to get.</summary>
    [Id(3)] public ImmutableSortedDictionary<int, int> Ends { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>Instances that ended too often on the way that it goes now.</summary>
    [Id(4)] public ImmutableSortedSet<int> FailedInstances { get; init; } = [];

    /// <summary>Why it is where it is.</summary>
    [Id(5)] public string? Message { get; init; }

    /// <summary>When it started.</summary>
    [Id(6)] public DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether the members below are filled in; updates that began in version 0.1 have none of them.</summary>
    [Id(7)] public bool Planned { get; init; }

    /// <summary>What the instances were when it started: what a rollback leads back to.</summary>
    [Id(8)] public ImmutableArray<VersionGroup> Initial { get; init; } = [];

    /// <summary>How many of the plan's instances have set out on the way that it goes now.</summary>
    [Id(9)] public int Taken { get; init; }

    /// <summary>Those that have set out and are neither done nor failed.</summary>
    [Id(10)] public InstanceSet InFlight { get; init; }

    /// <summary>How many of the plan's instances had set out when it turned round.</summary>
    [Id(11)] public int BackFrom { get; init; }

    /// <summary>Those that were in flight when it turned round: they go back first, so that never more are down than the strategy
    /// allows.</summary>
    [Id(12)] public InstanceSet Carried { get; init; }

    /// <summary>At which <see cref="Taken"/> the strategy paused last.</summary>
    [Id(13)] public int PausedAt { get; init; }

    /// <summary>When the last pulse came; null before the first.</summary>
    [Id(14)] public DateTimeOffset? LastPulse { get; init; }

    /// <summary>When it ended.</summary>
    [Id(15)] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who started it.</summary>
    [Id(16)] public string? Actor { get; init; }

    /// <summary>How many instances its plan has.</summary>
    [Id(17)] public int Total { get; init; }

    /// <summary>How many of those that set out on the way that it goes now are what they should be.</summary>
    [Id(18)] public int Done { get; init; }

    /// <summary>The job's first instance before it.</summary>
    [Id(19)] public int FromFirst { get; init; }

    /// <summary>The job's first instance after it.</summary>
    [Id(20)] public int ToFirst { get; init; }

    /// <summary>Instances in flight that the job's SLA does not let be stopped yet.</summary>
    [Id(21)] public InstanceSet SlaHeld { get; init; }

    /// <summary>Whether it has not ended.</summary>
    public bool IsActive => Status.IsActive();

    /// <summary>Whether it goes, or went, back.</summary>
    public bool IsBackward => Status.IsBackward();

    /// <summary>Version that the job is moving to.</summary>
    public int Target => IsBackward ? FromVersion : ToVersion;

    /// <summary>Aurora's name of the status.</summary>
    public string StatusName => Status.ToName();

    /// <summary>How many instances there are on the way that it goes now.</summary>
    public int Span => IsBackward ? BackFrom : Total;
}
