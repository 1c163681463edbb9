using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched bench packing</c>: how full a cell gets with real workloads, by the scheduler's rules and by others.</summary>
internal static class PackingCommand
{
    private const int DefaultSeeds = 3;

    private static readonly string[] Lists = ["default", "gpuspec33"];

    public static Verb Create(Shell shell)
    {
        var nodes = File("--nodes", "Machines as CSV, .gz or not; default those of openb");
        var tasks = File("--tasks", "Tasks as CSV; default both lists of openb");
        var seeds = Arguments.Positive("--seeds", "How often each draw is repeated; results are means", DefaultSeeds);
        var half = Arguments.Choice("--half", "Which rows of the tasks to use", TaskHalf.All);
        return new Verb(
            shell, "packing", "Replay real workloads through the placement rules, and through others to compare",
            "bench packing", "bench packing --seeds 1 -o json", "bench packing --nodes nodes.csv --tasks tasks.csv.gz")
            .With(nodes, tasks, seeds, half).Runs((session, cancellationToken) =>
            {
                var (nodesFile, tasksFile) = (session.Value(nodes), session.Value(tasks));
                if (nodesFile is null != tasksFile is null) return Task.FromResult(session.Refuse("--nodes and --tasks go together"));
                try
                {
                    var traces = Read(nodesFile, tasksFile, session.Value(half));
                    var rows = new PackingBench(traces, session.Value(seeds), session.Say).Run(cancellationToken);
                    Print(session.Printer, rows);
                    return Task.FromResult(ExitCode.Ok);
                }
                catch (InvalidDataException e)
                {
                    return Task.FromResult(session.Refuse(e.Message));
                }
                catch (UnauthorizedAccessException e)
                {
                    session.Say($"osched: {e.Message}");
                    return Task.FromResult(ExitCode.Failed);
                }
            });
    }

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "file" };

    private static List<PackingTrace> Read(string? nodesFile, string? tasksFile, TaskHalf half)
    {
        var nodes = WorkloadTrace.ReadNodes(nodesFile);
        if (tasksFile is not null) return [Trace(Path.GetFileName(tasksFile), WorkloadTrace.ReadTasks(tasksFile))];
        return [.. Lists.Select(list => Trace(list, WorkloadTrace.ReadTasks(null, $"openb_pods_{list}")))];

        PackingTrace Trace(string name, List<TraceTask> tasks) => half == TaskHalf.All
            ? new(name, nodes, tasks)
            : new($"{name} ({half.ToString().ToLowerInvariant()} rows)", nodes, [.. tasks.Where((_, i) => i % 2 == (int)half - 1)]);
    }

    private static void Print(Printer printer, IReadOnlyList<PackingRow> rows)
    {
        var inflation = rows.Where(row => row.Test == PackingTest.Inflation).ToList();
        if (printer.IsForPrograms)
        {
            printer.List(rows, PackingListing.Inflation);
            return;
        }

        printer.List(inflation, PackingListing.Inflation);
        printer.Text("");
        printer.List(rows.Except(inflation).ToList(), PackingListing.Replay);
    }
}
