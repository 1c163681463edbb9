namespace OrleansScheduler.Cli;

/// <summary>How fast the ledger decides, part by part.</summary>
/// <param name="all">Whether to run the whole grid of Mesos' benchmarks too.</param>
/// <param name="say">Told what is measured just now.</param>
internal sealed class LedgerBench(bool all, Action<string> say)
{
    private static readonly int[] Sizes = [1000, 10_000, 50_000];

    public IEnumerable<LedgerBenchRow> Run()
    {
        foreach (var nodes in Sizes)
        {
            say($"decisions on {nodes:N0} nodes");
            var plain = Decisions("plain loop", nodes, new DecisionLoad(nodes, PlacementPolicy.BestFit, plain: true),
                200 + (2_000_000 / nodes));
            yield return plain;
            var load = new DecisionLoad(nodes, PlacementPolicy.BestFit);
            yield return Beside(plain, Decisions("one task", nodes, load, 20_000));
            yield return Beside(plain, Groups("jobs of 100", nodes, load, 100));
            yield return Beside(plain, Groups("jobs of 1000", nodes, load, 1000));
            yield return Beside(plain, Decisions("one task, GPU packing", nodes, new DecisionLoad(nodes, PlacementPolicy.Pack), 10_000));
        }

        say("whole rounds");
        foreach (var (name, size, jobs) in new[] { ("rounds, jobs of one task", 1, 256), ("rounds, jobs of 100", 100, 4) })
        {
            var load = new EventLoad(10_000, size);
            yield return Measure.Rate(name, 10_000, size * jobs * 20, () =>
            {
                for (var i = 0; i < 20; i++) load.Round(jobs);
            });
        }

        say("answers");
        foreach (var row in AnswerCases.Run()) yield return row;
        say("Aurora's cases");
        foreach (var row in AuroraCases.Run()) yield return row;
        say("Mesos' cases");
        foreach (var row in OfferCases.Run(all)) yield return row;
    }

    private static LedgerBenchRow Decisions(string name, int nodes, DecisionLoad load, int decisions) =>
        Measure.Rate(name, nodes, decisions, () => load.Run(decisions));

    private static LedgerBenchRow Groups(string name, int nodes, DecisionLoad load, int size) =>
        Measure.Rate(name, nodes, 20_000, () => load.RunGroups(20_000 / size, size));

    private static LedgerBenchRow Beside(LedgerBenchRow plain, LedgerBenchRow row) =>
        row with { RatioToScalar = Math.Round(plain.NsPerDecision / row.NsPerDecision, 1) };
}
