namespace OrleansScheduler.Cli;

/// <summary>How tasks look in tables and one by one.</summary>
internal static class TaskListing
{
    /// <summary>The columns of a list of tasks.</summary>
    public static Listing<TaskView> For(Session session) => new(
        NameOf, [new("TASK", task => NameOf(task)), .. Columns(session)]);

    /// <summary>The columns below one job, which need not name it again.</summary>
    public static Listing<TaskView> OfOneJob(Session session) => new(
        NameOf, [new("INSTANCE", task => $"{task.Instance}"), .. Columns(session)]);

    /// <summary>One task for people.</summary>
    public static void Describe(Session session, TaskView task)
    {
        session.Printer.Facts(
            ("Task", NameOf(task)),
            ("Status", Words.Of(task)),
            ("Since", $"{session.Age(task.Since)} ago"),
            ("Why", task.Message),
            ("Node", task.Node),
            ("Ports", PortsOf(task)),
            ("Gpus", string.Join(',', task.Devices)),
            ("Items", string.Join(' ', task.Items)),
            ("Attempt", $"{task.Attempt}"),
            ("Version", $"{task.Version}"),
            ("Uses", UseOf(task.Use)),
            ("Failures", task.Failures > 0 ? $"{task.Failures}" : ""),
            ("Last end", EndOf(task)),
            ("Waits for", task.NotBefore is { } until && until > session.Now ? Words.Of(until - session.Now) : ""));
        if (task.History.IsDefaultOrEmpty) return;
        session.Printer.Text("");
        session.Printer.Table(task.History, new Listing<TaskHistoryEntry>(
            entry => entry.Status.ToName(),
            new("TIME", entry => entry.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff")),
            new("ATTEMPT", entry => $"{entry.Attempt}"),
            new("STATUS", entry => Words.Of(entry.Status)),
            new("NODE", entry => entry.Node),
            new("MESSAGE", entry => entry.Message)));
    }

    private static Column<TaskView>[] Columns(Session session) =>
    [
        new("STATUS", task => Words.Of(task)),
        new("NODE", task => task.Node),
        new("PORTS", task => PortsOf(task)),
        new("ATTEMPT", task => $"{task.Attempt}"),
        new("SINCE", task => session.Age(task.Since)),
        new("VERSION", task => $"{task.Version}", WideOnly: true),
        new("FAILURES", task => $"{task.Failures}", WideOnly: true),
        new("END", task => EndOf(task), WideOnly: true),
        new("MESSAGE", task => task.Message),
    ];

    private static string UseOf(TaskUse? use)
    {
        if (use is null) return "";
        var parts = new List<string>();
        if (use.CpuMillis is { } cpu) parts.Add($"cpu {Units.FormatMillis(cpu)}");
        if (use.Processes > 0) parts.Add($"memory {MiBOf(use.MemoryBytes)} (most {MiBOf(use.PeakMemoryBytes)})");
        if (use.DiskBytes is { } disk) parts.Add($"disk {MiBOf(disk)}");
        if (use.Processes > 0) parts.Add($"{use.Processes} {(use.Processes == 1 ? "process" : "processes")}");
        return string.Join(", ", parts);
    }

    private static string MiBOf(long bytes) => Units.FormatMiB((bytes + (1024 * 1024) - 1) / (1024 * 1024));

    private static string NameOf(TaskView task) => new TaskKey(task.Job, task.Instance).ToString();

    private static string PortsOf(TaskView task) => string.Join(',', task.Ports.Select(port => $"{port.Key}:{port.Value}"));

    private static string EndOf(TaskView task) =>
        task.ExitCode is { } code ? $"exit {code}" : task.Signal is { } signal ? $"signal {signal}" : "";
}
