namespace OrleansScheduler.Core;

/// <summary>
/// A <see cref="ScheduledTask"/> as it is written. What most tasks do not have takes no room: members that have their type's default are
/// left out.
/// </summary>
/// <remarks>A record, because rows were written as one: the serialiser frames those in another way.</remarks>
[GenerateSerializer, OmitDefaultMemberValues, Alias("osched.ScheduledTask")]
internal record struct StoredTask
{
    [Id(0)] public int Instance;
    [Id(1)] public int Attempt;
    [Id(2)] public ScheduleStatus Status;
    [Id(3)] public int Version;
    [Id(4)] public int NextVersion;
    [Id(5)] public string? Node;
    [Id(6)] public ImmutableArray<int> Ports;
    [Id(7)] public int Failures;
    [Id(8)] public DateTimeOffset Since;
    [Id(9)] public DateTimeOffset? NotBefore;
    [Id(10)] public TimeSpan Penalty;
    [Id(11)] public long Sequence;
    [Id(12)] public int? ExitCode;
    [Id(13)] public int? Signal;
    [Id(14)] public string? Message;
    [Id(15)] public ScheduleStatus Asked;
    [Id(16)] public ImmutableArray<TaskHistoryEntry> History;
    [Id(17)] public ImmutableArray<int> Devices;
    [Id(18)] public ImmutableArray<string> Items;
    [Id(19)] public long Generation;
    [Id(20)] public TaskReadiness? Readiness;
}

/// <summary>Between the two forms of a task's row.</summary>
[RegisterConverter]
internal sealed class StoredTaskConverter : IConverter<ScheduledTask, StoredTask>
{
    /// <inheritdoc/>
    public ScheduledTask ConvertFromSurrogate(in StoredTask surrogate) => new()
    {
        Instance = surrogate.Instance,
        Attempt = surrogate.Attempt,
        Status = surrogate.Status,
        Version = surrogate.Version,
        NextVersion = surrogate.NextVersion,
        Node = surrogate.Node,
        Ports = Given(surrogate.Ports),
        Failures = surrogate.Failures,
        Since = surrogate.Since,
        NotBefore = surrogate.NotBefore,
        Penalty = surrogate.Penalty,
        Sequence = surrogate.Sequence,
        ExitCode = surrogate.ExitCode,
        Signal = surrogate.Signal,
        Message = surrogate.Message,
        Asked = surrogate.Asked,
        History = Given(surrogate.History),
        Devices = Given(surrogate.Devices),
        Items = Given(surrogate.Items),
        Generation = surrogate.Generation,
        Readiness = surrogate.Readiness,
    };

    /// <inheritdoc/>
    public StoredTask ConvertToSurrogate(in ScheduledTask value) => new()
    {
        Instance = value.Instance,
        Attempt = value.Attempt,
        Status = value.Status,
        Version = value.Version,
        NextVersion = value.NextVersion,
        Node = value.Node,
        Ports = value.Ports,
        Failures = value.Failures,
        Since = value.Since,
        NotBefore = value.NotBefore,
        Penalty = value.Penalty,
        Sequence = value.Sequence,
        ExitCode = value.ExitCode,
        Signal = value.Signal,
        Message = value.Message,
        Asked = value.Asked,
        History = value.History,
        Devices = value.Devices,
        Items = value.Items,
        Generation = value.Generation,
        Readiness = value.Readiness,
    };

    private static ImmutableArray<T> Given<T>(ImmutableArray<T> items) => items.IsDefault ? [] : items;
}
