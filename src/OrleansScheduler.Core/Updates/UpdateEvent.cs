namespace OrleansScheduler.Core;

/// <summary>What an update did to an instance. Names and numbers are Aurora's (JobUpdateAction).</summary>
public enum UpdateAction
{
    /// <summary>It is as the update wants it.</summary>
    InstanceUpdated = 1,

    /// <summary>It is what it was before.</summary>
    InstanceRolledBack = 2,

    /// <summary>It has set out.</summary>
    InstanceUpdating = 3,

    /// <summary>It has set out on the way back.</summary>
    InstanceRollingBack = 4,

    /// <summary>It ended too often.</summary>
    InstanceUpdateFailed = 5,

    /// <summary>It ended too often on the way back.</summary>
    InstanceRollbackFailed = 6,
}

/// <summary>One line of an update's story: a status that it entered, or what it did to instances. Each action is recorded once an
/// instance.</summary>
[GenerateSerializer, Immutable, Alias("osched.UpdateEvent")]
public sealed record UpdateEvent
{
    /// <summary>Which update: the version it goes to.</summary>
    [Id(0)] public required int Update { get; init; }

    /// <summary>When; of the first of the instances when there are several.</summary>
    [Id(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The status that it entered; null when this is about instances.</summary>
    [Id(2)] public string? Status { get; init; }

    /// <summary>
    /// What it did to the instances; null when this is about the update itself, or when <see cref="Message"/> says it: that the SLA holds
    /// them back, or lets them go.
    /// </summary>
    [Id(3)] public UpdateAction? Action { get; init; }

    /// <summary>The instances.</summary>
    [Id(4)] public InstanceSet Instances { get; init; }

    /// <summary>Why.</summary>
    [Id(5)] public string? Message { get; init; }

    /// <summary>Who asked for it; null for the scheduler itself.</summary>
    [Id(6)] public string? Actor { get; init; }
}
