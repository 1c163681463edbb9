namespace OrleansScheduler.Chaos;

/// <summary>L2 and L3: no task stays in a passing status for longer than it may while nothing is broken.</summary>
internal static class StatusTimeCheck
{
    /// <summary>Seconds in which a task gets a node; all of the workload fits but the filler of seats.</summary>
    public const double Placement = 5;

    /// <summary>Seconds in which a task that has a node is started.</summary>
    private const double Start = 10;

    /// <summary>Seconds in which a task that is told to end has done so, beyond its grace.</summary>
    private const double Stop = 31;

    /// <summary>L2: who waits for a node gets one.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgePlacement(Evidence evidence) =>
        Judge(evidence, (job, status) => status == ScheduleStatus.Pending && job != WorkloadJob.FillerKey ? Placement : null);

    /// <summary>L3: who is being started or stopped comes to an end with it.</summary>
    public static (int Judged, IEnumerable<string> Violations) JudgePassing(Evidence evidence) => Judge(
        evidence,
        (_, status) => status is ScheduleStatus.Assigned or ScheduleStatus.Starting ? Start : status.IsStopping() ? Stop : null);

    private static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence, Func<JobKey, ScheduleStatus, double?> limit)
    {
        var broken = FaultWindow.Merged(evidence.History);
        (TaskView Task, TaskHistoryEntry In, TaskHistoryEntry Out, double Most)[] stays =
        [
            .. from task in evidence.Final?.Tasks ?? []
               from pair in task.History.Zip(task.History.Skip(1))
               let most = limit(task.Job, pair.First.Status)
               where most is not null
               select (task, pair.First, pair.Second, most.Value),
        ];
        return (stays.Length, from stay in stays
                              let time = Whole(evidence.At(stay.In.At), evidence.At(stay.Out.At))
                              where time > stay.Most
                              select $"{stay.Task.Job}/{stay.Task.Instance} #{stay.In.Attempt} was {stay.In.Status.ToName()} for "
                                  + $"{time:0.0} s from {evidence.At(stay.In.At):0.00} on while nothing was broken");

        double Whole(double from, double to) =>
            to - from - broken.Sum(window => Math.Max(0, Math.Min(to, window.To) - Math.Max(from, window.From)));
    }
}
