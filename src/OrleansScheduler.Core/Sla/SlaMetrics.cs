namespace OrleansScheduler.Core;

/// <summary>
/// How well a job was served, from the histories of its tasks: the figures of Aurora's <c>SlaAlgorithm</c>. Pure.
/// </summary>
/// <remarks>
/// A task keeps <see cref="ScheduledTask.MaxHistory"/> lines over all its attempts. What was before the first of them nobody knows: that
/// time counts neither as up nor as down, and waits that began in it are left out.
/// </remarks>
public static class SlaMetrics
{
    /// <summary>The percentiles that job uptime is told by.</summary>
    public static readonly ImmutableArray<int> Percentiles = [50, 75, 90, 95, 99];

    private enum Standing
    {
        Removed,
        Up,
        Down,
    }

    /// <summary>
    /// What the given share of running instances has run for at least: the percentile 100 - <paramref name="percentile"/> of their
    /// uptimes, between two neighbours by their distance. Zero when none runs; a clock that was set back makes no uptime negative.
    /// </summary>
    public static TimeSpan JobUptime(IEnumerable<ScheduledTask> tasks, int percentile, DateTimeOffset now) =>
        TimeSpan.FromTicks((long)Quantile([.. tasks.Where(t => t.IsUp)
            .Select(t => (double)Math.Max(0, (now - t.UpSince).Ticks))], 100 - percentile));

    /// <summary>
    /// Share of the window, in percent, in which instances were up of that in which they should have been: being lost, drained or
    /// preempted is down time until the instance runs again, waiting and restarting at the user's wish is not. 100 when there is nothing.
    /// </summary>
    public static double PlatformUptime(IEnumerable<ScheduledTask> tasks, DateTimeOffset from, DateTimeOffset to)
    {
        TimeSpan up = TimeSpan.Zero, down = TimeSpan.Zero;
        foreach (var task in tasks)
        {
            var (standing, since) = (Standing.Removed, from);
            foreach (var entry in task.History.OrderBy(e => e.At))
            {
                Count(standing, since, entry.At);
                (standing, since) = (Next(standing, entry.Status), entry.At);
            }

            Count(standing, since, to);
        }

        var total = up + down;
        return total > TimeSpan.Zero ? 100 * (up / total) : 100;

        void Count(Standing standing, DateTimeOffset since, DateTimeOffset until)
        {
            var time = (until < to ? until : to) - (since > from ? since : from);
            if (time <= TimeSpan.Zero) return;
            if (standing == Standing.Up) up += time;
            if (standing == Standing.Down) down += time;
        }
    }

    /// <summary>
    /// Median time from PENDING to the first <paramref name="status"/> of active tasks that came to it in the window (its end excluded):
    /// ASSIGNED for MTTA, STARTING for MTTS, RUNNING for MTTR. Zero when there are none.
    /// </summary>
    public static TimeSpan MedianTimeTo(IEnumerable<ScheduledTask> tasks, ScheduleStatus status, DateTimeOffset from, DateTimeOffset to)
    {
        List<double> waits = [];
        foreach (var task in tasks.Where(t => t.Status.IsActive()))
        {
            DateTimeOffset? pending = null;
            foreach (var entry in task.History.Where(e => e.Attempt == task.Attempt))
            {
                if (entry.Status == ScheduleStatus.Pending) pending = entry.At;
                if (entry.Status != status || entry.At < from || entry.At >= to) continue;
                if (pending is { } since) waits.Add((entry.At - since).Ticks);
                break;
            }
        }

        return TimeSpan.FromTicks((long)Quantile(waits, 50));
    }

    /// <summary>All of it about one job.</summary>
    public static JobSlaView Describe(JobState job, TimeSpan window, DateTimeOffset now)
    {
        ImmutableArray<ScheduledTask> tasks = [.. job.Tasks.Values];
        var from = now - window;

        // A full history may have lost lines of the window; one that is not full has all there ever were.
        var known = tasks.Where(t => t.History.Length >= ScheduledTask.MaxHistory).Select(t => t.History[0].At).Append(from).Max();
        return new JobSlaView
        {
            Job = job.Key,
            At = now,
            WindowSeconds = window.TotalSeconds,
            KnownSince = known,
            JobUptimeSeconds = Percentiles.ToImmutableSortedDictionary(p => p, p => JobUptime(tasks, p, now).TotalSeconds),
            PlatformUptimePercent = PlatformUptime(tasks, from, now),
            MttaMs = MedianTimeTo(tasks, ScheduleStatus.Assigned, from, now).TotalMilliseconds,
            MttsMs = MedianTimeTo(tasks, ScheduleStatus.Starting, from, now).TotalMilliseconds,
            MttrMs = MedianTimeTo(tasks, ScheduleStatus.Running, from, now).TotalMilliseconds,
        };
    }

    private static Standing Next(Standing standing, ScheduleStatus status) => status switch
    {
        ScheduleStatus.Running or ScheduleStatus.Partitioned => Standing.Up,
        ScheduleStatus.Lost or ScheduleStatus.Draining or ScheduleStatus.Preempting => Standing.Down,
        ScheduleStatus.Killed => standing == Standing.Up ? Standing.Down : standing,
        ScheduleStatus.Pending or ScheduleStatus.Assigned or ScheduleStatus.Starting =>
            standing == Standing.Down ? Standing.Down : Standing.Removed,
        ScheduleStatus.Init => standing,
        _ => Standing.Removed,
    };

    /// <summary>The value that a percentage of the values is not above, as the straight line between its two neighbours has it.</summary>
    private static double Quantile(List<double> values, double percent)
    {
        if (values.Count == 0) return 0;
        values.Sort();
        var at = (values.Count - 1) * percent / 100;
        var below = (int)Math.Floor(at);
        return below + 1 < values.Count ? values[below] + ((values[below + 1] - values[below]) * (at - below)) : values[below];
    }
}

/// <summary>How well a job was served lately.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobSlaView")]
public sealed record JobSlaView
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Job { get; init; }

    /// <summary>When it was looked at: the end of the window.</summary>
    [Id(1)] public DateTimeOffset At { get; init; }

    /// <summary>Length of the window in seconds.</summary>
    [Id(2)] public double WindowSeconds { get; init; }

    /// <summary>
    /// From when on all of it is known. Later than the beginning of the window when a task has had more events than it keeps; the figures
    /// then stand on what is left.
    /// </summary>
    [Id(3)] public DateTimeOffset KnownSince { get; init; }

    /// <summary>By percentage of running instances: how many seconds so many of them have run at least.</summary>
    [Id(4)]
    public ImmutableSortedDictionary<int, double> JobUptimeSeconds { get; init; } = ImmutableSortedDictionary<int, double>.Empty;

    /// <summary>Share of the window in percent in which instances were up of that in which the platform owed them.</summary>
    [Id(5)] public double PlatformUptimePercent { get; init; }

    /// <summary>Median milliseconds from waiting to having a node (MTTA).</summary>
    [Id(6)] public double MttaMs { get; init; }

    /// <summary>Median milliseconds from waiting to being started (MTTS).</summary>
    [Id(7)] public double MttsMs { get; init; }

    /// <summary>Median milliseconds from waiting to running (MTTR).</summary>
    [Id(8)] public double MttrMs { get; init; }
}
