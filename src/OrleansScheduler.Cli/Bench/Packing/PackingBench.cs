namespace OrleansScheduler.Cli;

/// <summary>Runs every test with every scorer, one after the other on one thread.</summary>
/// <param name="traces">What is replayed.</param>
/// <param name="seeds">How often what is drawn is drawn.</param>
/// <param name="say">Hears how far it is.</param>
internal sealed class PackingBench(IReadOnlyList<PackingTrace> traces, int seeds, Action<string> say)
{
    // Nobody looked at these draws while the rules and their constants were chosen.
    private const int FirstSeed = 101;

    private readonly List<PackingRow> _rows = [];

    /// <summary>All rows.</summary>
    /// <exception cref="InvalidDataException">A trace makes no test.</exception>
    public IReadOnlyList<PackingRow> Run(CancellationToken cancellationToken)
    {
        var online = PackingScorer.All.Where(scorer => !scorer.Offline).ToList();
        var drawn = Enumerable.Range(FirstSeed, seeds).ToList();
        // The first runs compile: they are not timed.
        foreach (var scorer in PackingScorer.All) InflationTest.Run(traces[0], scorer, new(traces[0]), FirstSeed);
        foreach (var trace in traces)
        {
            say($"{trace.Name}: {Size(trace)}, {Words.Count(trace.Shapes.Length, "different request")}");
            var mix = new Fragmentation(trace, onlyGpu: true);
            foreach (var scorer in PackingScorer.All)
                Measure(drawn.Select(seed => InflationTest.Run(trace, scorer, mix, seed)), cancellationToken);
            if (Recorded(trace) is { } recorded) _rows.Add(recorded);
            foreach (var scorer in online) Measure([Replay.Run(trace, scorer, PackingTest.Replay)], cancellationToken);
            var crowds = drawn.Select(seed => Crowd.Of(trace, seed)).OfType<PackingTrace>().ToList();
            if (crowds.Count == 0) continue;
            say($"{trace.Name}, crowded: {Size(crowds[0])}");
            foreach (var scorer in online)
                Measure(crowds.Select(crowd => Replay.Run(crowd, scorer, PackingTest.Crowded)), cancellationToken);
        }

        return _rows;
    }

    private static string Size(PackingTrace trace) =>
        $"{Words.Count(trace.Nodes.Length, "machine")}, {Words.Count(trace.Tasks.Length, "task")}";

    private void Measure(IEnumerable<PackingRow> runs, CancellationToken cancellationToken)
    {
        var rows = new List<PackingRow>();
        foreach (var row in runs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(row);
        }

        var mean = PackingRow.Mean(rows);
        _rows.Add(mean);
        var ahead = mean.LookAhead > 0 ? ", looking ahead" : "";
        say($"{mean.Trace}, {mean.Test.ToString().ToLowerInvariant()}: {mean.Scorer}{ahead}, {mean.UsPerDecision:0.0} us a task");
    }

    /// <summary>How long tasks waited in the system that wrote the trace; null when it does not say.</summary>
    private static PackingRow? Recorded(PackingTrace trace)
    {
        var waits = new Waits();
        foreach (var task in trace.Tasks)
        {
            if (task.WaitedFor is { } seconds) waits.Add(seconds);
        }

        if (waits.Count == 0) return null;
        return new()
        {
            Trace = trace.Name,
            Test = PackingTest.Replay,
            Scorer = "recorded",
            Placed = waits.Count,
            Dropped = trace.Tasks.Length - waits.Count,
            MeanWaitSeconds = Math.Round(waits.Mean, 3),
            MedianWaitSeconds = waits.Percentile(50),
            P99WaitSeconds = waits.Percentile(99),
        };
    }
}
