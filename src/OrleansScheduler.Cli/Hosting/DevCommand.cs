using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched dev</c>: a whole cell in one process, for one machine.</summary>
internal static class DevCommand
{
    /// <summary>Port of the API and the pages unless told otherwise.</summary>
    public const int DefaultPort = 7070;

    public static Verb Create(Shell shell)
    {
        var port = RoleOptions.Port(
            "--port", $"Port of the API and the pages, {DefaultPort} when it is not given; agents use the next one");
        var state = new Option<string?>("--state") { Description = "Directory that keeps the cell's state", HelpName = "directory" };
        var ports = new Option<string?>("--task-ports")
        {
            Description = "Ports that tasks get, 31000-32000 when it is not given",
            HelpName = "first-last",
        };
        var stop = new Option<bool>("--stop-tasks")
        {
            Description = "End the tasks with the cell, instead of taking them over at the next start",
        };
        var noAgent = new Option<bool>("--no-agent") { Description = "Run no tasks on this machine: nodes join from elsewhere" };
        var verbose = RoleOptions.Verbose();
        return new Verb(
            shell, "dev", "Run a whole cell in this process until Ctrl-C; its state survives", "dev", "dev --port 8080 --state ./cell")
            .With(port, state, ports, stop, noAgent, verbose).Runs(async (session, cancellationToken) =>
            {
                var directory = Path.GetFullPath(session.Value(state) ?? Path.Combine(session.Terminal.StateDirectory, "dev"));
                var answer = await EmbeddedCell.StartAsync(
                    new()
                    {
                        StateDirectory = directory,
                        Port = session.Value(port) ?? DefaultPort,
                        Name = "dev",
                        Verbose = session.Value(verbose),
                        TaskPorts = session.Value(ports),
                        StopsTasks = session.Value(stop),
                        RunsAgent = !session.Value(noAgent),
                    },
                    cancellationToken);
                if (answer.Problem is { } problem) return session.Fail(problem);
                await using var cell = answer.Value!;
                session.Terminal.Output.WriteLine($"The cell runs at {cell.Address.OriginalString}");
                session.Say($"Its state is in {directory}. Try: osched job init && osched job run job.yaml --wait. Ctrl-C ends it.");
                await cell.WaitForEndAsync(cancellationToken);
                return ExitCode.Ok;
            });
    }
}
