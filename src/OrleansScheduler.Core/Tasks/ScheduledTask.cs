namespace OrleansScheduler.Core;

/// <summary>
/// The record of one instance: its latest attempt, and what of earlier ones still matters. One row of the job's instance table.
/// </summary>
/// <remarks>
/// There are as many as tasks in the cell, so what most of them do not have is in an object of its own, and lines of history that several
/// tasks have are there once. <see cref="StoredTask"/> is how a row is written.
/// </remarks>
[Immutable]
public sealed record ScheduledTask
{
    /// <summary>Most lines of history a task keeps; the oldest go first.</summary>
    public const int MaxHistory = 12;

    private long _since;
    private TaskHistory? _past;
    private Rest? _rest;
    private int _exitCode;
    private bool _hasExitCode;
    private byte _status;
    private byte _asked;

    /// <summary>Whether what the row itself says is the newest line of its history, and not in <see cref="_past"/>.</summary>
    private bool _isLine;

    /// <summary>Which instance, from 0.</summary>
    public required int Instance { get; init; }

    /// <summary>Which attempt of it, from 1. Never used twice.</summary>
    public required int Attempt { get; init; }

    /// <summary>Where the attempt is in its life.</summary>
    public ScheduleStatus Status { get => (ScheduleStatus)_status; init => _status = (byte)value; }

    /// <summary>Version of the job that the attempt runs.</summary>
    public required int Version { get; init; }

    /// <summary>Version that a successor runs; 0 for the same.</summary>
    public int NextVersion
    {
        get => _rest?.NextVersion ?? 0;
        init => _rest = value == NextVersion ? _rest : Rest.Of(_rest) with { NextVersion = value };
    }

    /// <summary>Node of the attempt; null until it has one.</summary>
    public string? Node { get; init; }

    /// <summary>Its ports there, in the order of <see cref="TaskSpec.Ports"/>.</summary>
    public ImmutableArray<int> Ports { get; init; } = [];

    /// <summary>Failures that count against <see cref="RetryPolicy.MaxFailures"/>.</summary>
    public int Failures { get; init; }

    /// <summary>Since when it is in <see cref="Status"/>.</summary>
    public DateTimeOffset Since { get => new(_since, TimeSpan.Zero); init => _since = value.UtcTicks; }

    /// <summary>Until when a THROTTLED task waits.</summary>
    public DateTimeOffset? NotBefore
    {
        get => _rest?.NotBefore;
        init => _rest = value == NotBefore ? _rest : Rest.Of(_rest) with { NotBefore = value };
    }

    /// <summary>The penalty before this attempt; zero when the attempt before did not end too soon.</summary>
    public TimeSpan Penalty
    {
        get => _rest?.Penalty ?? TimeSpan.Zero;
        init => _rest = value == Penalty ? _rest : Rest.Of(_rest) with { Penalty = value };
    }

    /// <summary>Sequence of the last report that was applied to the attempt.</summary>
    public long Sequence { get; init; }

    /// <summary>Exit code of the last attempt that exited.</summary>
    public int? ExitCode
    {
        get => _hasExitCode ? _exitCode : null;
        init => (_hasExitCode, _exitCode) = (value is not null, value ?? 0);
    }

    /// <summary>Signal that ended the last attempt, when one did.</summary>
    public int? Signal
    {
        get => _rest?.Signal;
        init => _rest = value == Signal ? _rest : Rest.Of(_rest) with { Signal = value };
    }

    /// <summary>Why it is in <see cref="Status"/>.</summary>
    public string? Message { get; init; }

    /// <summary>
    /// What the attempt was last asked to stop for: KILLING, RESTARTING, DRAINING or PREEMPTING; INIT when it was not asked.
    /// </summary>
    public ScheduleStatus Asked { get => (ScheduleStatus)_asked; init => _asked = (byte)value; }

    /// <summary>Its last events, oldest first, over all attempts.</summary>
    public ImmutableArray<TaskHistoryEntry> History
    {
        get => TaskHistory.Lines(_past, _isLine ? Line : null);
        init => (_past, _isLine) = (TaskHistory.Of(value), false);
    }

    /// <summary>Numbers of the GPUs it has there, see <see cref="Placement.Devices"/>.</summary>
    public ImmutableArray<int> Devices
    {
        get => _rest?.Devices ?? [];
        init => _rest = value == Devices ? _rest : Rest.Of(_rest) with { Devices = value };
    }

    /// <summary>Items of sets that it has there, as <c>set=item</c>.</summary>
    public ImmutableArray<string> Items
    {
        get => _rest?.Items ?? [];
        init => _rest = value == Items ? _rest : Rest.Of(_rest) with { Items = value };
    }

    /// <summary>Session of the node when it was chosen, see <see cref="Placement.Generation"/>.</summary>
    public long Generation { get; init; }

    /// <summary>What its readiness probe says while it runs; null when it has none, and in rows of before there was any.</summary>
    public TaskReadiness? Readiness { get; init; }

    /// <summary>Whether it runs and takes no work: its readiness probe has not succeeded yet, or no longer does.</summary>
    public bool IsUnready => Status == ScheduleStatus.Running && Readiness is { IsReady: false };

    /// <summary>Whether it runs and takes work.</summary>
    public bool IsUp => Status == ScheduleStatus.Running && Readiness is not { IsReady: false };

    /// <summary>Since when one that runs takes work, or takes none.</summary>
    public DateTimeOffset UpSince => Readiness?.Since ?? Since;

    /// <summary>The attempt's name within the job.</summary>
    public AttemptRef Ref => new(Instance, Attempt);

    private TaskHistoryEntry Line => new(Since, Attempt, Status, Message, Node);

    /// <summary>All lines, the newest first.</summary>
    private TaskHistory? Whole => _isLine ? TaskHistory.Add(_past, Line) : _past;

    /// <summary>
    /// This row after <paramref name="step"/>, which is a later state of it without history: the history goes on with one line.
    /// </summary>
    /// <remarks>
    /// X → PARTITIONED → X → PARTITIONED keeps one cycle, as Aurora compacts it, so that a flaky node does not push out what matters.
    /// </remarks>
    public static ScheduledTask Extend(ScheduledTask? before, ScheduledTask step)
    {
        if (before is null) return step.WithHistory(null, isLine: true);
        if (before.Status != step.Status || before.Attempt != step.Attempt)
        {
            var whole = before.Whole;
            return IsRepeatedPartition(whole, step)
                ? step.WithHistory(whole!.Earlier, isLine: false)
                : step.WithHistory(whole, isLine: true);
        }

        // No new line, and what the last one says stays as it was.
        var isLine = before._isLine && before.Line == step.Line;
        return step.WithHistory(isLine ? before._past : before.Whole, isLine);
    }

    /// <summary>The same row as it is kept: one that was read back has its newest line twice.</summary>
    internal ScheduledTask Compact() => !_isLine && _past is { } last && last.Line == Line ? WithHistory(last.Earlier, isLine: true) : this;

    private ScheduledTask WithHistory(TaskHistory? past, bool isLine)
    {
        var row = this with { };
        (row._past, row._isLine) = (past, isLine);
        return row;
    }

    private static bool IsRepeatedPartition(TaskHistory? history, ScheduledTask step) =>
        step.Status == ScheduleStatus.Partitioned && history is { Line: var c, Earlier: { Line: var b, Earlier.Line: var a } }
        && b.Status == ScheduleStatus.Partitioned && a.Status == c.Status && b.Attempt == step.Attempt && a.Attempt == b.Attempt;

    /// <summary>What few tasks have: rows of the others do without the room for it.</summary>
    private sealed record Rest
    {
        private static readonly Rest Nothing = new();

        public int NextVersion { get; init; }

        public DateTimeOffset? NotBefore { get; init; }

        public TimeSpan Penalty { get; init; }

        public int? Signal { get; init; }

        public ImmutableArray<int> Devices { get; init; } = [];

        public ImmutableArray<string> Items { get; init; } = [];

        public static Rest Of(Rest? rest) => rest ?? Nothing;
    }
}
