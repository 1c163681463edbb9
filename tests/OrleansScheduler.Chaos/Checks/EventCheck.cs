namespace OrleansScheduler.Chaos;

/// <summary>S22: who follows the feed gets each event once and in order, and is told when some are missing.</summary>
internal static class EventCheck
{
    /// <summary>Stands where the cell has said that events are missing, in the place of a cursor.</summary>
    public const string Gap = "gap";

    /// <summary>Seconds from an event to who follows.</summary>
    private const double Late = 5;

    /// <summary>Seconds before it is told that something is missing in which that may have happened.</summary>
    private const double Untold = 30;

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        if (evidence.Events.IsEmpty) return (0, []);
        var (since, until) = (evidence.Events[0].At, evidence.Events[^1].At - Late);
        var seen = evidence.Events.Select(e => e.Event).OfType<EventView>()
            .Select(e => (e.Job, e.Instance, e.Attempt, e.Status)).ToHashSet();
        (double From, double To, JobKey? Job)[] untold = [.. Gaps(evidence.Events), .. Markers(evidence)];
        (TaskView Task, TaskHistoryEntry Entry, double At)[] happened =
        [
            .. from task in evidence.Final?.Tasks ?? []
               from entry in task.History
               let at = evidence.At(entry.At)
               where since + 1 < at && at < until
               where !untold.Any(time => time.From <= at && at <= time.To && (time.Job is null || time.Job == task.Job))
               select (task, entry, at),
        ];
        return (evidence.Events.Length + happened.Length, [.. OutOfOrder(evidence.Events), .. Missing()]);

        IEnumerable<string> Missing() =>
            from line in happened
            where !seen.Contains((line.Task.Job, line.Task.Instance, line.Entry.Attempt, line.Entry.Status.ToName()))
            select $"nobody was told that {line.Task.Job}/{line.Task.Instance} #{line.Entry.Attempt} was {line.Entry.Status.ToName()} "
                + $"at {line.At:0.00}";
    }

    /// <summary>A cursor is the name of a feed and a number in it. A feed that begins anew has another name.</summary>
    private static IEnumerable<string> OutOfOrder(ImmutableArray<SeenEvent> events) =>
        from pair in events.Zip(events.Skip(1))
        where pair.First.Cursor != Gap && pair.Second.Cursor != Gap && Next(pair.First.Cursor) != pair.Second.Cursor
        select $"{pair.Second.Cursor} came behind {pair.First.Cursor}";

    private static IEnumerable<(double From, double To, JobKey? Job)> Gaps(ImmutableArray<SeenEvent> events) =>
        from index in Enumerable.Range(0, events.Length)
        where events[index].Cursor == Gap
        select ((index == 0 ? 0 : events[index - 1].At) - Untold, events[index].At + 1, (JobKey?)null);

    private static IEnumerable<(double From, double To, JobKey? Job)> Markers(Evidence evidence) =>
        from e in evidence.Events.Select(e => e.Event).OfType<EventView>()
        where e.Status == EventView.EventsMissing
        let at = evidence.At(e.At)
        select (at - Untold, at + 1, e.Job);

    private static string Next(string cursor)
    {
        var dash = cursor.LastIndexOf('-');
        return $"{cursor[..dash]}-{long.Parse(cursor.AsSpan(dash + 1), CultureInfo.InvariantCulture) + 1}";
    }
}
