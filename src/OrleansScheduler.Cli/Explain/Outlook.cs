namespace OrleansScheduler.Cli;

/// <summary>Prints what would become of the cell, for a plan or a what-if.</summary>
internal static class Outlook
{
    private static readonly Listing<JobOutlook> Jobs = new(
        job => job.Job.ToString(),
        new("JOB", job => job.Job.ToString()),
        new("PLACED", job => Change(job.PlacedNow, job.PlacedThen)),
        new("WAITING", job => new(
            Change(job.WaitingNow, job.WaitingThen), job.WaitingThen > job.WaitingNow ? Tone.Bad : Tone.Plain)),
        new("PREEMPTED", job => new($"{job.Preempted}", job.Preempted > 0 ? Tone.Busy : Tone.Plain)));

    private static readonly Listing<NodeOutlook> Nodes = new(
        node => node.Node,
        new("NODE", node => node.Node),
        new("TASKS", node => Change(node.TasksNow, node.TasksThen)),
        new("CPU", node => Change(Units.FormatMillis(node.UsedNow.CpuMillis), Units.FormatMillis(node.UsedThen.CpuMillis))),
        new("MEMORY", node => Change(Units.FormatMiB(node.UsedNow.MemoryMiB), Units.FormatMiB(node.UsedThen.MemoryMiB))));

    /// <summary>Summary, cell, jobs with the reasons of those that would wait, and the nodes when the output is wide.</summary>
    public static void Describe(Session session, WhatIfView view)
    {
        var (printer, cell) = (session.Printer, view.Cell);
        printer.Text(view.Summary);
        printer.Text("");
        printer.Facts(
            ("Nodes", Change(cell.NodesNow, cell.NodesThen)),
            ("Cpu", Change(Words.Cpu(cell.UsedNow, cell.CapacityNow), Words.Cpu(cell.UsedThen, cell.CapacityThen))),
            ("Memory", Change(Words.Memory(cell.UsedNow, cell.CapacityNow), Words.Memory(cell.UsedThen, cell.CapacityThen))),
            ("Waiting", Change(cell.WaitingNow, cell.WaitingThen)));
        if (view.Jobs.Length > 0)
        {
            printer.Text("");
            printer.Table(view.Jobs, Jobs);
        }

        foreach (var job in view.Jobs)
        {
            foreach (var group in job.Groups)
            {
                printer.Text("");
                printer.Text(new($"{job.Job} would wait:", Tone.Bad));
                WaitingGroup.Describe(session, group);
            }
        }

        if (session.Format != OutputFormat.Wide || view.Nodes.IsEmpty) return;
        printer.Text("");
        printer.Table(view.Nodes, Nodes);
    }

    private static string Change<T>(T now, T then) => Equals(now, then) ? $"{now}" : $"{now} → {then}";
}
