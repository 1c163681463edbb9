namespace OrleansScheduler.Cli;

/// <summary>What the demonstration's tasks went through, counted from their histories.</summary>
/// <param name="Tasks">Instances of all jobs.</param>
/// <param name="Runs">Attempts of all instances.</param>
/// <param name="Failed">Attempts that failed.</param>
/// <param name="Retried">Instances of the batch job that needed more than one attempt.</param>
/// <param name="Replaced">Attempts of the service beyond the first of each instance.</param>
/// <param name="ToRunning">From PENDING to RUNNING, each attempt for which both are known, ascending.</param>
internal sealed record DemoSummary(int Tasks, int Runs, int Failed, int Retried, int Replaced, ImmutableArray<TimeSpan> ToRunning)
{
    /// <summary>Counts.</summary>
    public static DemoSummary Of(ImmutableArray<TaskView> service, ImmutableArray<TaskView> batch)
    {
        TaskView[] all = [.. service, .. batch];
        return new(
            all.Length,
            all.Sum(task => task.Attempt),
            all.Sum(task => task.History.Count(entry => entry.Status == ScheduleStatus.Failed)),
            batch.Count(task => task.Attempt > 1),
            service.Sum(task => task.Attempt - 1),
            [.. all.SelectMany(WaitsOf).Order()]);
    }

    /// <summary>The time that a share of the attempts did not exceed (nearest rank); null when none is known.</summary>
    public TimeSpan? Percentile(int percent) =>
        ToRunning.IsEmpty ? null : ToRunning[Math.Max(0, (int)Math.Ceiling(ToRunning.Length * percent / 100.0) - 1)];

    private static IEnumerable<TimeSpan> WaitsOf(TaskView task) => task.History
        .GroupBy(entry => entry.Attempt)
        .Select(attempt => (Pending: FirstOf(attempt, ScheduleStatus.Pending), Running: FirstOf(attempt, ScheduleStatus.Running)))
        .Where(times => times.Running - times.Pending >= TimeSpan.Zero)
        .Select(times => times.Running!.Value - times.Pending!.Value);

    private static DateTimeOffset? FirstOf(IEnumerable<TaskHistoryEntry> entries, ScheduleStatus status) =>
        entries.Where(entry => entry.Status == status).Select(entry => (DateTimeOffset?)entry.At).FirstOrDefault();
}
