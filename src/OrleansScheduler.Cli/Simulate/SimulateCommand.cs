using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary><c>osched simulate</c>: rehearses a cell with nodes and tasks that only exist in this process.</summary>
internal static class SimulateCommand
{
    private static readonly Listing<SimulationReport> Listing = new(report => report.Lost + report.Duplicated == 0 ? "true" : "false");

    public static Verb Create(Shell shell)
    {
        var flags = new SimulateFlags();
        return new Verb(
            shell, "simulate", "Run thousands of virtual nodes against a real cell, give it load, and say how it fared",
            "simulate --embedded --nodes 1000 --tasks 100000",
            "simulate --embedded --nodes 200 --tasks 5000 --duration 2s --run-for 60s -o json",
            "simulate --embedded --trace openb --speed 100000",
            "simulate --gateway http://rehearsal:7070 --nodes 10000 --tasks 50000")
            .With(flags.All).Runs(async (session, cancellationToken) =>
            {
                SimulationOptions options;
                try
                {
                    if (flags.Conflict(session) is { } conflict) return session.Refuse(conflict);
                    options = flags.Read(session);
                }
                catch (Exception e) when (e is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
                {
                    return session.Refuse($"--trace: {e.Message}");
                }

                var started = await CellAsync(session, flags, cancellationToken);
                if (started.Problem is { } problem) return session.Fail(problem);
                await using var cell = started.Value!;
                using var client = new SchedulerClient(new() { Gateway = cell.Gateway, Time = session.Terminal.Time });
                var answer = await new Simulation(options, cell, client, session).RunAsync(cancellationToken);
                if (answer.Problem is { } failed) return session.Fail(failed);
                var report = answer.Value!;
                session.Printer.One(report, Listing, found => found.Print(session.Printer));
                return report.Lost + report.Duplicated == 0 ? ExitCode.Ok : ExitCode.Failed;
            });
    }

    private static async Task<Answer<IControlPlane>> CellAsync(Session session, SimulateFlags flags, CancellationToken cancellationToken)
    {
        if (!session.Value(flags.Embedded))
        {
            var agents = session.Value(flags.Agents) is { } given ? GlobalOptions.Address(given)! : Next(session.Gateway);
            var metrics = session.Value(flags.Metrics);
            return new RunningCell(session.Gateway, agents, metrics.IsEmpty ? [new Uri(session.Gateway, "/metrics")] : metrics);
        }

        session.Say("Starting a cell in another process");
        var cell = await PrivateCell.StartAsync(session.Value(flags.Heartbeat), session.Terminal.Time, cancellationToken);
        if (cell.Problem is { } problem) return problem;
        session.Say(string.Create(
            CultureInfo.InvariantCulture, $"It runs at {cell.Value!.Gateway.OriginalString} as process {cell.Value.Id}"));
        return cell.Value;
    }

    /// <summary>Agents connect to the port after that of the API, unless told otherwise.</summary>
    private static Uri Next(Uri gateway) => new UriBuilder(gateway) { Port = gateway.Port + 1 }.Uri;
}
