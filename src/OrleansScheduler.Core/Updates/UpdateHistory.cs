namespace OrleansScheduler.Core;

/// <summary>The updates of a job that are remembered, each with its story. Bounded in updates and in lines.</summary>
public sealed class UpdateHistory
{
    /// <summary>Ended updates that are kept; the oldest go first (Aurora keeps as many).</summary>
    public const int MaxEnded = 10;

    /// <summary>Lines kept of one update. What comes after goes into the last line of its action, so no instance is lost.</summary>
    public const int MaxLines = 500;

    /// <summary>Instances that come within this time of each other share a line.</summary>
    public static readonly TimeSpan OneLine = TimeSpan.FromSeconds(1);

    private readonly SortedDictionary<int, UpdateState> _updates = [];
    private readonly Dictionary<int, List<UpdateEvent>> _events = [];

    /// <summary>The updates, oldest first.</summary>
    public IReadOnlyCollection<UpdateState> Updates => _updates.Values;

    /// <summary>All lines, by update.</summary>
    public IEnumerable<UpdateEvent> Events => _updates.Keys.SelectMany(EventsOf);

    /// <summary>An update; null when it is not remembered.</summary>
    public UpdateState? Find(int update) => _updates.GetValueOrDefault(update);

    /// <summary>The lines of an update, oldest first.</summary>
    public IReadOnlyList<UpdateEvent> EventsOf(int update) => _events.GetValueOrDefault(update) ?? [];

    /// <summary>Takes over where an update is now.</summary>
    public void Set(UpdateState update)
    {
        _updates[update.ToVersion] = update;
        while (_updates.Values.Count(u => !u.IsActive) > MaxEnded)
        {
            var oldest = _updates.Values.First(u => !u.IsActive).ToVersion;
            _updates.Remove(oldest);
            _events.Remove(oldest);
        }
    }

    /// <summary>Adds a line.</summary>
    public void Add(UpdateEvent line)
    {
        if (!_updates.ContainsKey(line.Update)) return;
        if (!_events.TryGetValue(line.Update, out var lines)) _events[line.Update] = lines = [];
        if (line.Action is { } action && LineToShare(lines, line, action) is >= 0 and var index)
            lines[index] = lines[index] with { Instances = lines[index].Instances.Union(line.Instances) };
        else if (lines.Count < MaxLines || line.Status is null) lines.Add(line);
        else lines[Math.Max(0, lines.FindLastIndex(other => other.Status is not null))] = line;
    }

    private static int LineToShare(List<UpdateEvent> lines, UpdateEvent line, UpdateAction action)
    {
        for (var index = lines.Count - 1; index >= 0; index--)
        {
            if (lines[index].Action == action)
                return lines.Count >= MaxLines || line.At - lines[index].At < OneLine ? index : -1;
            if (lines.Count >= MaxLines) continue;
            if (line.At - lines[index].At >= OneLine) return -1;

            // What happened to an instance stays in the order in which it happened.
            if (!lines[index].Instances.Intersect(line.Instances).IsEmpty) return -1;
        }

        return -1;
    }
}
