namespace OrleansScheduler.Core;

/// <summary>One accepted spec of a job.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Spec">The spec.</param>
/// <param name="AcceptedAt">When it was accepted.</param>
/// <param name="Actor">Who asked for it.</param>
[GenerateSerializer, Immutable, Alias("osched.JobVersion")]
public sealed record JobVersion(
    [property: Id(0)] int Number, [property: Id(1)] JobSpec Spec, [property: Id(2)] DateTimeOffset AcceptedAt,
    [property: Id(3)] string Actor);

/// <summary>What was answered to an operation, so that its repetition gets the same answer.</summary>
/// <param name="Id">The operation id.</param>
/// <param name="Verb"><c>submit</c>, <c>scale</c>, <c>restart</c>, <c>stop</c>, <c>cron-start</c> and the like.</param>
/// <param name="Subject">What it was about, in a form that two equal requests share.</param>
/// <param name="Version">Version of the job after it.</param>
/// <param name="Instances">How many instances it concerned.</param>
/// <param name="Outcome">Outcome or message of the answer.</param>
[GenerateSerializer, Immutable, Alias("osched.JobOperation")]
public sealed record JobOperation(
    [property: Id(0)] string Id, [property: Id(1)] string Verb, [property: Id(2)] string Subject, [property: Id(3)] int Version,
    [property: Id(4)] int Instances, [property: Id(5)] string Outcome);

/// <summary>What a job is apart from its versions and its tasks.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobHeader")]
public sealed record JobHeader
{
    /// <summary>Version that the job is or is becoming.</summary>
    [Id(0)] public int Version { get; init; }

    /// <summary>Whether a user stopped the whole job.</summary>
    [Id(1)] public bool Stopped { get; init; }

    /// <summary>Instances that a user stopped one by one; they stay down until somebody starts them.</summary>
    [Id(2)] public ImmutableSortedSet<int> StoppedInstances { get; init; } = [];

    /// <summary>The update in progress or the last one that ended.</summary>
    [Id(3)] public UpdateState? Update { get; init; }

    /// <summary>
    /// Highest attempt number among instances that have been removed: new ones start above it, so that no attempt id is used twice.
    /// </summary>
    [Id(4)] public int AttemptFloor { get; init; }

    /// <summary>When the first version was accepted.</summary>
    [Id(5)] public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed in any way.</summary>
    [Id(6)] public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Number of durable changes so far.</summary>
    [Id(7)] public long Revision { get; init; }

    /// <summary>Highest epoch of the ledger that gave this job a node.</summary>
    [Id(8)] public long LedgerEpoch { get; init; }

    /// <summary>
    /// Attempts that begin after the cell was restored have numbers above this: those below may have been used since the backup was made.
    /// </summary>
    [Id(9)] public int RestoreFloor { get; init; }

    /// <summary>Number of its first instance: not 0 after a blue/green update, whose new set stands behind the old one.</summary>
    [Id(10)] public int FirstInstance { get; init; }

    /// <summary>What a cron job knows about its schedule; null for the other types.</summary>
    [Id(14)] public CronState? Cron { get; init; }

    /// <summary>Jobs that have not succeeded yet and have to before this one starts.</summary>
    [Id(20)] public ImmutableArray<JobKey> WaitsFor { get; init; } = [];

    /// <summary>How a batch job ended before all its instances did; null when it did not.</summary>
    [Id(21)] public BatchEnd? End { get; init; }

    /// <summary>Tasks of this run that there are no records of any more; null when there are records of all.</summary>
    [Id(22)] public PrunedTasks? Pruned { get; init; }

    /// <summary>When the job last got another number of instances by itself; null for never.</summary>
    [Id(23)] public DateTimeOffset? ScaledAt { get; init; }

    /// <summary>Why the metric of the scale policy could not be read; null when it can.</summary>
    [Id(24)] public string? ScaleFailure { get; init; }
}

/// <summary>One durable change of a job: an entry of its journal. A snapshot is the change that leads from nothing to everything.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobChange")]
public sealed record JobChange
{
    /// <summary>The header after the change.</summary>
    [Id(0)] public required JobHeader Header { get; init; }

    /// <summary>Versions accepted by it.</summary>
    [Id(1)] public ImmutableArray<JobVersion> Versions { get; init; } = [];

    /// <summary>States that tasks went through, in order. Without history, which follows from the states; with it in a snapshot.</summary>
    [Id(2)] public ImmutableArray<ScheduledTask> Steps { get; init; } = [];

    /// <summary>Instances removed by it.</summary>
    [Id(3)] public ImmutableArray<int> Removed { get; init; } = [];

    /// <summary>Operations answered by it.</summary>
    [Id(4)] public ImmutableArray<JobOperation> Operations { get; init; } = [];

    /// <summary>Whether this is a snapshot.</summary>
    [Id(5)] public bool IsSnapshot { get; init; }

    /// <summary>What the job's update did, in order.</summary>
    [Id(10)] public ImmutableArray<UpdateEvent> UpdateEvents { get; init; } = [];

    /// <summary>Updates that are remembered; only in a snapshot, for otherwise they follow from the headers.</summary>
    [Id(11)] public ImmutableArray<UpdateState> Updates { get; init; } = [];
}

/// <summary>What a snapshot of a job becomes when it is restored from a backup.</summary>
public static class JobRestore
{
    /// <summary>How many attempts an instance may have made between backup and restore.</summary>
    public const int AttemptsBetween = 1 << 20;

    /// <summary>
    /// The same job, whose next attempts have numbers that no agent has seen. Attempts that wait for a node get theirs at once; those that
    /// have one keep it, because their agents know them by it.
    /// </summary>
    public static JobChange Restore(JobChange snapshot)
    {
        var highest = snapshot.Steps.Select(task => task.Attempt)
            .Concat([snapshot.Header.AttemptFloor, snapshot.Header.RestoreFloor]).Max();
        var floor = checked(highest + AttemptsBetween);
        return snapshot with
        {
            Header = snapshot.Header with { RestoreFloor = floor },
            Steps = [.. snapshot.Steps.Select(task => task.Status is ScheduleStatus.Pending or ScheduleStatus.Throttled
                ? task with { Attempt = floor + 1 }
                : task)],
        };
    }
}

/// <summary>Everything a job grain owns. Changes only by <see cref="Apply"/>, once the change is durable.</summary>
public sealed class JobState(JobKey key)
{
    /// <summary>Operations whose answers are kept; the oldest go first.</summary>
    public const int MaxOperations = 200;

    /// <summary>Versions kept besides those that tasks still run.</summary>
    public const int MaxVersions = 20;

    private readonly InstanceTable _tasks = new();
    private readonly SortedDictionary<int, JobVersion> _versions = [];
    private readonly Dictionary<string, JobOperation> _operations = new(StringComparer.Ordinal);
    private readonly Queue<string> _operationOrder = [];

    /// <summary>The job.</summary>
    public JobKey Key { get; } = key;

    /// <summary>What it is apart from versions and tasks.</summary>
    public JobHeader Header { get; private set; } = new();

    /// <summary>Whether it was ever accepted.</summary>
    public bool Exists => Header.Version > 0;

    /// <summary>
    /// Whether nothing happens to it any more until a user wants something: it was stopped, or is a batch job that has run, and no task is
    /// left.
    /// </summary>
    public bool IsEnded => Exists && Header.Update is not { IsActive: true }
        && (Header.Stopped || (Spec.Type == JobType.Batch && (Tasks.Count > 0 || Header.End is not null || Header.Pruned is not null)))
        && !Tasks.Values.Any(task => task.Status.IsActive());

    /// <summary>The spec that the job is or is becoming.</summary>
    /// <exception cref="InvariantException">The job does not exist.</exception>
    public JobSpec Spec => SpecOf(Header.Version);

    /// <summary>Records by instance.</summary>
    public IReadOnlyDictionary<int, ScheduledTask> Tasks => _tasks;

    /// <summary>Versions by number.</summary>
    public IReadOnlyDictionary<int, JobVersion> Versions => _versions;

    /// <summary>Its updates that are remembered.</summary>
    public UpdateHistory Updates { get; } = new();

    /// <summary>The spec of a version that is still kept.</summary>
    /// <exception cref="InvariantException">There is no such version.</exception>
    public JobSpec SpecOf(int version) =>
        _versions.TryGetValue(version, out var found) ? found.Spec : throw new InvariantException($"{Key} has no version {version}");

    /// <summary>The answer that was given to an operation; null when it is not known.</summary>
    public JobOperation? FindOperation(string id) => _operations.GetValueOrDefault(id);

    /// <summary>Takes a durable change over.</summary>
    public void Apply(JobChange change)
    {
        Header = change.Header;
        foreach (var version in change.Versions) _versions[version.Number] = version;
        foreach (var step in change.Steps)
            _tasks.Set(change.IsSnapshot ? step.Compact() : ScheduledTask.Extend(_tasks.GetValueOrDefault(step.Instance), step));
        foreach (var instance in change.Removed) _tasks.Remove(instance);
        foreach (var operation in change.Operations) Remember(operation);
        foreach (var update in Given(change.Updates)) Updates.Set(update);
        if (Header.Update is { } current) Updates.Set(current);
        foreach (var line in Given(change.UpdateEvents)) Updates.Add(line);
        if (_versions.Count > MaxVersions) ForgetOldVersions();
    }

    /// <summary>The change that leads from nothing to this state.</summary>
    public JobChange Snapshot() => new()
    {
        Header = Header,
        Versions = [.. _versions.Values],
        Steps = [.. _tasks.Values],
        Operations = [.. _operationOrder.Select(id => _operations[id])],
        IsSnapshot = true,
        UpdateEvents = [.. Updates.Events],
        Updates = [.. Updates.Updates],
    };

    /// <summary>Changes of earlier versions do not have all members.</summary>
    private static ImmutableArray<T> Given<T>(ImmutableArray<T> items) => items.IsDefault ? [] : items;

    private void Remember(JobOperation operation)
    {
        if (_operations.TryAdd(operation.Id, operation)) _operationOrder.Enqueue(operation.Id);
        while (_operationOrder.Count > MaxOperations) _operations.Remove(_operationOrder.Dequeue());
    }

    private void ForgetOldVersions()
    {
        var used = _tasks.Values.SelectMany(t => new[] { t.Version, t.NextVersion }).ToHashSet();
        if (Header.Update is { } update)
        {
            used.UnionWith([update.FromVersion, update.ToVersion]);
            if (update.IsActive) used.UnionWith(Given(update.Initial).Select(group => group.Version));
        }

        foreach (var number in _versions.Keys.Take(_versions.Count - MaxVersions).Where(n => n != Header.Version && !used.Contains(n))
            .ToList())
            _versions.Remove(number);
    }
}
