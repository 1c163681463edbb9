namespace OrleansScheduler.Core;

/// <summary>
/// The record of one instance: its latest attempt, and what of earlier ones still matters. One row of the job's instance table.
/// </summary>
/// <remarks>What most tasks do not have takes no room in rows: members that have their type's default are left out.</remarks>
[GenerateSerializer, Immutable, OmitDefaultMemberValues, Alias("osched.ScheduledTask")]
public sealed record ScheduledTask
{
    /// <summary>Most lines of history a task keeps; the oldest go first.</summary>
    public const int MaxHistory = 12;

    /// <summary>Which instance, from 0.</summary>
    [Id(0)] public required int Instance { get; init; }

    /// <summary>Which attempt of it, from 1. Never used twice.</summary>
    [Id(1)] public required int Attempt { get; init; }

    /// <summary>Where the attempt is in its life.</summary>
    [Id(2)] public ScheduleStatus Status { get; init; }

    /// <summary>Version of the job that the attempt runs.</summary>
    [Id(3)] public required int Version { get; init; }

    /// <summary>Version that a successor runs; 0 for the same.</summary>
    [Id(4)] public int NextVersion { get; init; }

    /// <summary>Node of the attempt; null until it has one.</summary>
    [Id(5)] public string? Node { get; init; }

    /// <summary>Its ports there, in the order of <see cref="TaskSpec.Ports"/>.</summary>
    [Id(6)] public ImmutableArray<int> Ports { get; init; } = [];

    /// <summary>Failures that count against <see cref="RetryPolicy.MaxFailures"/>.</summary>
    [Id(7)] public int Failures { get; init; }

    /// <summary>Since when it is in <see cref="Status"/>.</summary>
    [Id(8)] public DateTimeOffset Since { get; init; }

    /// <summary>Until when a THROTTLED task waits.</summary>
    [Id(9)] public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The penalty before this attempt; zero when the attempt before did not end too soon.</summary>
    [Id(10)] public TimeSpan Penalty { get; init; }

    /// <summary>Sequence of the last report that was applied to the attempt.</summary>
    [Id(11)] public long Sequence { get; init; }

    /// <summary>Exit code of the last attempt that exited.</summary>
    [Id(12)] public int? ExitCode { get; init; }

    /// <summary>Signal that ended the last attempt, when one did.</summary>
    [Id(13)] public int? Signal { get; init; }

    /// <summary>Why it is in <see cref="Status"/>.</summary>
    [Id(14)] public string? Message { get; init; }

    /// <summary>
    /// What the attempt was last asked to stop for: KILLING, RESTARTING, DRAINING or PREEMPTING; INIT when it was not asked.
    /// </summary>
    [Id(15)] public ScheduleStatus Asked { get; init; }

    /// <summary>Its last events, oldest first, over all attempts.</summary>
    [Id(16)] public ImmutableArray<TaskHistoryEntry> History { get; init; } = [];

    /// <summary>Numbers of the GPUs it has there, see <see cref="Placement.Devices"/>.</summary>
    [Id(17)] public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>Items of sets that it has there, as <c>set=item</c>.</summary>
    [Id(18)] public ImmutableArray<string> Items { get; init; } = [];

    /// <summary>Session of the node when it was chosen, see <see cref="Placement.Generation"/>.</summary>
    [Id(19)] public long Generation { get; init; }

    /// <summary>What its readiness probe says while it runs; null when it has none, and in rows of before there was any.</summary>
    [Id(20)] public TaskReadiness? Readiness { get; init; }

    /// <summary>Whether it runs and takes no work: its readiness probe has not succeeded yet, or no longer does.</summary>
    public bool IsUnready => Status == ScheduleStatus.Running && Readiness is { IsReady: false };

    /// <summary>Whether it runs and takes work.</summary>
    public bool IsUp => Status == ScheduleStatus.Running && Readiness is not { IsReady: false };

    /// <summary>Since when one that runs takes work, or takes none.</summary>
    public DateTimeOffset UpSince => Readiness?.Since ?? Since;

    /// <summary>The attempt's name within the job.</summary>
    public AttemptRef Ref => new(Instance, Attempt);

    /// <summary>
    /// This row after <paramref name="step"/>, which is a later state of it without history: the history goes on with one line.
    /// </summary>
    /// <remarks>
    /// X → PARTITIONED → X → PARTITIONED keeps one cycle, as Aurora compacts it, so that a flaky node does not push out what matters.
    /// </remarks>
    public static ScheduledTask Extend(ScheduledTask? before, ScheduledTask step)
    {
        var history = before?.History ?? [];
        if (before is not null && before.Status == step.Status && before.Attempt == step.Attempt) return step with { History = history };
        if (IsRepeatedPartition(history, step)) return step with { History = history.RemoveAt(history.Length - 1) };
        if (history.Length >= MaxHistory) history = history.RemoveRange(0, history.Length - MaxHistory + 1);
        return step with { History = history.Add(new(step.Since, step.Attempt, step.Status, step.Message, step.Node)) };
    }

    private static bool IsRepeatedPartition(ImmutableArray<TaskHistoryEntry> history, ScheduledTask step) =>
        step.Status == ScheduleStatus.Partitioned && history is [.., { } a, { } b, { } c]
        && b.Status == ScheduleStatus.Partitioned && a.Status == c.Status && b.Attempt == step.Attempt && a.Attempt == b.Attempt;
}
