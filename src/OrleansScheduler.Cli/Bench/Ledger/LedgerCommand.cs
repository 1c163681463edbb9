using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched bench ledger</c>: how fast the ledger decides on this machine.</summary>
internal static class LedgerCommand
{
    private static readonly Listing<LedgerBenchRow> Rows = new(
        row => row.Case,
        new("CASE", row => row.Case),
        new("NODES", row => $"{row.Nodes}"),
        new("FRAMEWORKS", row => $"{row.Frameworks}"),
        new("PER-SECOND", row => row.DecisionsPerSecond.ToString("N0")),
        new("TIME", row => Time(row.NsPerDecision)),
        new("BYTES", row => row.BytesPerDecision.ToString("N0")),
        new("TIMES-PLAIN", row => row.RatioToScalar?.ToString("N1") ?? ""),
        new("PUBLISHED", row => row.Peer ?? ""));

    public static Verb Create(Shell shell)
    {
        var all = new Option<bool>("--all") { Description = "Run the whole grid of Mesos' benchmarks; takes minutes" };
        return new Verb(shell, "ledger", "Measure how fast the ledger decides", "bench ledger", "bench ledger -o json").With(all)
            .Runs((session, cancellationToken) =>
            {
                var rows = new List<LedgerBenchRow>();
                foreach (var row in new LedgerBench(session.Value(all), session.Say).Run())
                {
                    rows.Add(row);
                    if (cancellationToken.IsCancellationRequested) return Task.FromResult(ExitCode.Interrupted);
                }

                session.Printer.List(rows, Rows);
                return Task.FromResult(ExitCode.Ok);
            });
    }

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 10_000 => $"{nanoseconds:N0} ns",
        < 10_000_000 => $"{nanoseconds / 1e3:N0} us",
        _ => $"{nanoseconds / 1e6:N0} ms",
    };
}
