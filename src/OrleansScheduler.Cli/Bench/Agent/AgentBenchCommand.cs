using System.CommandLine;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Cli;

/// <summary><c>osched bench agent</c>: how fast an agent starts tasks on this machine, and what a supervisor costs.</summary>
internal static class AgentBenchCommand
{
    private static readonly Listing<AgentBenchFigures> Figures = new(
        figures => "agent",
        new("STARTS/S", figures => figures.StartsPerSecond.ToString("N0")),
        new("ADDED", figures => $"{figures.AddedMsP50:N1} ms"),
        new("TO-START", figures => $"{figures.AddedToStartMsP50:N1} ms"),
        new("BARE", figures => $"{figures.BareMsP50:N1} ms"),
        new("SHIM", figures => $"{figures.ShimResidentBytes / 1048576.0:N1} MiB{(figures.ShimIsNative ? "" : ", on the runtime")}"),
        new("ADOPTION", figures => $"{figures.Adopted} in {figures.AdoptionMs:N0} ms"),
        new("CORES-OF-0.5", figures => figures.CoresOfHalf?.ToString("N3") ?? ""),
        new("CGROUPS", figures => figures.Cgroups));

    public static Verb Create(Shell shell)
    {
        var starts = new Option<int>("--starts")
        {
            Description = "How many tasks are started for the rate",
            HelpName = "n",
            DefaultValueFactory = _ => 500,
        };
        var seconds = new Option<int>("--cpu-seconds")
        {
            Description = "How long two busy tasks share the processors; 0 leaves that out",
            HelpName = "s",
            DefaultValueFactory = _ => 10,
        };
        return new Verb(
            shell, "agent", "Measure how fast an agent starts tasks, and what a supervisor costs", "bench agent", "bench agent -o json")
            .With(starts, seconds).Runs(async (session, cancellationToken) =>
            {
                if (session.Value(starts) is < 1 or > 100_000) return session.Refuse("--starts: expected a number of 1 to 100000");
                if (session.Value(seconds) is < 0 or > 3600) return session.Refuse("--cpu-seconds: expected a number of 0 to 3600");
                var bench = new AgentBench(session.Value(starts), CpuSeconds: session.Value(seconds));
                session.Printer.List([await bench.Run(session.Say, cancellationToken)], Figures);
                return ExitCode.Ok;
            });
    }
}
