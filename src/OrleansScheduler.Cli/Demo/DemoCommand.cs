using System.CommandLine;
using Spectre.Console;

namespace OrleansScheduler.Cli;

/// <summary><c>osched demo</c>: a cell of its own, real jobs, and proof that they do what they should.</summary>
internal static class DemoCommand
{
    /// <summary>Ports for tasks beside those of another cell on the machine.</summary>
    private const int TaskPorts = 200;

    public static Verb Create(Shell shell)
    {
        var exit = new Option<bool>("--exit") { Description = "Stop everything at the end: exit 0 when all came true, else 1" };
        var port = RoleOptions.Port(
            "--port", $"Port of the API and the pages; {DevCommand.DefaultPort}, or a free one, when it is not given");
        var verbose = RoleOptions.Verbose();
        return new Verb(shell, "demo", "Start a cell, run real jobs on it and show how they fare", "demo", "demo --exit")
            .With(exit, port, verbose).Runs(async (session, cancellationToken) =>
            {
                var directory = DemoDirectory.Create(session.Terminal);
                var options = new EmbeddedCellOptions
                {
                    StateDirectory = directory,
                    Port = session.Value(port) ?? Ports.FreePair(DevCommand.DefaultPort),
                    Name = "demo",
                    Verbose = session.Value(verbose),
                    StopsTasks = true,
                    TaskPorts = Ports.FreeRange(TaskPorts),
                };
                var came = await RunAsync(session, options, session.Value(exit), cancellationToken);
                if (came == ExitCode.Ok) DemoDirectory.Remove(directory);
                else session.Say($"What the cell left behind is in {directory}");
                return came;
            });
    }

    private static async Task<int> RunAsync(Session session, EmbeddedCellOptions options, bool exit, CancellationToken cancellationToken)
    {
        var board = new DemoBoard(session.Terminal.Time);
        board.Begin("Start a cell in this process: silo, gateway and agent");
        var answer = await EmbeddedCell.StartAsync(options, cancellationToken);
        if (answer.Problem is { } problem) return session.Fail(problem);
        await using var cell = answer.Value!;
        board.Page = cell.Address;
        board.End($"it runs at {cell.Address.OriginalString}");

        using var client = new SchedulerClient(new() { Gateway = cell.Address, Time = session.Terminal.Time });
        using var run = new DemoRun(client, board, session.Terminal.Time);
        var allTrue = await DemoView.ShowAsync(session, board, run.RunAsync(exit, cancellationToken));
        if (!allTrue)
        {
            var step = board.Steps.Last(step => step.State == StepState.Failed);
            session.Say($"osched: not true: {step.Title}: {step.Result}");
            return ExitCode.Failed;
        }

        Summarise(session, DemoSummary.Of(run.Histories.Service, run.Histories.Batch), board.Elapsed, cell.Address);
        if (exit) return ExitCode.Ok;
        session.Say("The cell runs on; Ctrl-C ends it and its tasks.");
        await cell.WaitForEndAsync(cancellationToken);
        return ExitCode.Ok;
    }

    private static void Summarise(Session session, DemoSummary summary, TimeSpan total, Uri page)
    {
        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = false }.AddColumns("", "");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        Row("tasks", $"{summary.Tasks}, run {summary.Runs} times");
        Row("failed", $"{summary.Failed} runs");
        Row("retried", $"{summary.Retried} commands");
        Row("replaced", $"{summary.Replaced} runs of the service, by the kill and the change");
        if (summary.Percentile(50) is { } median && summary.Percentile(99) is { } slow)
        {
            Row("pending to running", $"p50 {Words.Seconds(median)}, p99 {Words.Seconds(slow)}, over {summary.ToRunning.Length} runs");
        }

        Row("total time", Words.Seconds(total));
        Row("page", page.OriginalString);
        DemoView.ConsoleOf(session).Write(table);
    }
}
