using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>Puts times, amounts and states into the few words that fit a column.</summary>
internal static class Words
{
    /// <summary>A time span in its two largest units: <c>3m12s</c>.</summary>
    public static string Of(TimeSpan span) => span switch
    {
        { Ticks: < 0 } => "0s",
        { TotalSeconds: < 60 } => $"{span.Seconds}s",
        { TotalMinutes: < 60 } => $"{span.Minutes}m{span.Seconds}s",
        { TotalHours: < 24 } => $"{span.Hours}h{span.Minutes}m",
        _ => $"{(int)span.TotalDays}d{span.Hours}h",
    };

    /// <summary>A time span exactly enough to compare runs: <c>0.42 s</c>.</summary>
    public static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.00} s");

    /// <summary>Instances by status: <c>2 RUNNING, 1 PENDING</c>.</summary>
    public static string Of(IEnumerable<KeyValuePair<string, int>> counts) =>
        string.Join(", ", counts.Where(count => count.Value > 0).OrderByDescending(count => count.Value)
            .Select(count => $"{count.Value} {count.Key}"));

    /// <summary>What is used of what there is: <c>0.5/4</c>.</summary>
    public static string Cpu(Resources used, Resources capacity) =>
        $"{Units.FormatMillis(used.CpuMillis)}/{Units.FormatMillis(capacity.CpuMillis)}";

    /// <summary>What is used of what there is: <c>256MiB/8GiB</c>.</summary>
    public static string Memory(Resources used, Resources capacity) =>
        $"{Units.FormatMiB(used.MemoryMiB)}/{Units.FormatMiB(capacity.MemoryMiB)}";

    /// <summary>A part of 1: <c>12.3 %</c>.</summary>
    public static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0.#} %");

    /// <summary>A number as short as it can be: <c>2.5</c>.</summary>
    public static string Number(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>One, or several: <c>1 task</c>, <c>3 tasks</c>.</summary>
    public static string Count(int count, string noun) =>
        count == 1 ? $"1 {noun}" : string.Create(CultureInfo.InvariantCulture, $"{count} {noun}s");

    /// <summary>A task's status, coloured by how it goes.</summary>
    public static Field Of(ScheduleStatus status) => new(status.ToName(), status switch
    {
        ScheduleStatus.Running or ScheduleStatus.Finished => Tone.Good,
        ScheduleStatus.Failed or ScheduleStatus.Lost or ScheduleStatus.Partitioned => Tone.Bad,
        ScheduleStatus.Killed => Tone.Faint,
        _ => Tone.Busy,
    });

    /// <summary>A task's status, and whether it takes work.</summary>
    public static Field Of(TaskView task) => task.Ready == false ? new($"{task.Status.ToName()}, not ready", Tone.Busy) : Of(task.Status);

    /// <summary>A job's instances by status, and how many of them take no work: <c>3 RUNNING (1 not ready)</c>.</summary>
    public static string CountsOf(JobView job) => job.NotReady > 0 ? $"{Of(job.Counts)} ({job.NotReady} not ready)" : Of(job.Counts);

    /// <summary>A job's phase, coloured by how it goes.</summary>
    public static Field Of(JobPhase phase) => new(phase.ToString().ToLowerInvariant(), phase switch
    {
        JobPhase.Running or JobPhase.Finished or JobPhase.Scheduled => Tone.Good,
        JobPhase.Failed => Tone.Bad,
        JobPhase.Stopped => Tone.Faint,
        _ => Tone.Busy,
    });

    /// <summary>What an update did to an instance.</summary>
    public static string Of(UpdateAction? action) => action switch
    {
        null => "",
        UpdateAction.InstanceUpdating => "set out",
        UpdateAction.InstanceUpdated => "updated",
        UpdateAction.InstanceUpdateFailed => "failed",
        UpdateAction.InstanceRollingBack => "turned back",
        UpdateAction.InstanceRolledBack => "rolled back",
        UpdateAction.InstanceRollbackFailed => "failed on the way back",
        _ => action.Value.ToString(),
    };

    /// <summary>A node's status, and whether its disk keeps tasks away.</summary>
    public static Field Of(NodeView node) =>
        node.DiskPressure ? new($"{node.Status}, disk pressure", Tone.Bad) : OfNode(node.Status);

    /// <summary>A node's status, coloured by how it goes.</summary>
    public static Field OfNode(string status) => new(status, status switch
    {
        "ready" => Tone.Good,
        "unreachable" => Tone.Bad,
        _ => Tone.Busy,
    });
}
