namespace OrleansScheduler.Core;

/// <summary>
/// A line of a task's history and the lines before it. Instances of a job go through their lives together, so what several of them have
/// is there once, as long as it is the same from the beginning on.
/// </summary>
internal sealed class TaskHistory
{
    /// <summary>The last line that this thread made: the next instance most likely wants the same.</summary>
    [ThreadStatic] private static TaskHistory? _last;

    private readonly long _at;
    private readonly int _attempt;
    private readonly string? _message;
    private readonly string? _node;
    private readonly byte _status;
    private readonly byte _length;

    private TaskHistory(TaskHistory? earlier, in TaskHistoryEntry line)
    {
        (Earlier, _length) = (earlier, (byte)((earlier?._length ?? 0) + 1));
        (_at, _attempt, _message, _node, _status) = (line.At.UtcTicks, line.Attempt, line.Message, line.Node, (byte)line.Status);
    }

    /// <summary>The lines before it; null when there are none, or none any more.</summary>
    public TaskHistory? Earlier { get; }

    /// <summary>The line.</summary>
    public TaskHistoryEntry Line => new(new(_at, TimeSpan.Zero), _attempt, (ScheduleStatus)_status, _message, _node);

    /// <summary>A history with one more line. What is far beyond <see cref="ScheduledTask.MaxHistory"/> is forgotten.</summary>
    public static TaskHistory Add(TaskHistory? earlier, in TaskHistoryEntry line)
    {
        if (_last is { } last && last.Earlier == earlier && last.Line == line) return last;
        if (earlier?._length >= 2 * ScheduledTask.MaxHistory) earlier = Of(Lines(earlier, null));
        return _last = new TaskHistory(earlier, line);
    }

    /// <summary>The history of these lines, the oldest first.</summary>
    public static TaskHistory? Of(ImmutableArray<TaskHistoryEntry> lines)
    {
        TaskHistory? history = null;
        if (lines.IsDefault) return history;
        foreach (var line in lines) history = Add(history, line);
        return history;
    }

    /// <summary>The newest <see cref="ScheduledTask.MaxHistory"/> lines, the oldest first.</summary>
    /// <param name="history">The lines; null when there are none.</param>
    /// <param name="newest">The one after them, when there is one.</param>
    public static ImmutableArray<TaskHistoryEntry> Lines(TaskHistory? history, TaskHistoryEntry? newest)
    {
        var count = Math.Min(ScheduledTask.MaxHistory, (history?._length ?? 0) + (newest is null ? 0 : 1));
        var lines = new TaskHistoryEntry[count];
        var next = count - 1;
        if (newest is { } line) lines[next--] = line;
        for (; next >= 0; next--, history = history.Earlier) lines[next] = history!.Line;
        return ImmutableArray.Create(lines);
    }
}
