namespace OrleansScheduler.Chaos;

/// <summary>Many runs of one fault, summed up.</summary>
internal sealed record FailoverReport(FailoverFault Fault, StoreKind Profile, int Silos, ImmutableArray<FailoverRun> Runs)
{
    /// <summary>See <see cref="FailoverRun.PlacedMs"/>.</summary>
    public Spread PlacedMs => Spread.Of(Runs, run => run.PlacedMs);

    /// <summary>See <see cref="FailoverRun.AcceptedMs"/>.</summary>
    public Spread AcceptedMs => Spread.Of(Runs, run => run.AcceptedMs);

    /// <summary>See <see cref="FailoverRun.ReadGapMs"/>.</summary>
    public Spread ReadGapMs => Spread.Of(Runs, run => run.ReadGapMs);

    /// <summary>See <see cref="FailoverRun.WriteGapMs"/>.</summary>
    public Spread WriteGapMs => Spread.Of(Runs, run => run.WriteGapMs);

    /// <summary>See <see cref="FailoverRun.EndedMs"/>; null when no run has it.</summary>
    public Spread? EndedMs => Runs.Any(run => run.EndedMs is not null) ? Spread.Of(Runs, run => run.EndedMs ?? 0) : null;

    /// <summary>Requests that failed, of all.</summary>
    public string Failed => $"{Runs.Sum(run => run.Failed)} of {Runs.Sum(run => run.Failed + run.Answered)}";

    /// <summary>Silos that ended though nothing was done to them.</summary>
    public int OthersLost => Runs.Sum(run => run.OthersLost);

    /// <inheritdoc/>
    public override string ToString() => $"""
        {Fault}, {Runs.Length} runs, {Silos} silos on {Profile}, ms:
          job accepted    {AcceptedMs}
          task placed     {PlacedMs}
          gap of reads    {ReadGapMs}
          gap of changes  {WriteGapMs}
          lived on        {EndedMs?.ToString() ?? "-"}
          failed          {Failed} requests; {OthersLost} other silos ended
        """;
}

/// <summary>Where the values of many runs lie.</summary>
internal sealed record Spread(double Min, double Median, double P95, double Max)
{
    public static Spread Of(ImmutableArray<FailoverRun> runs, Func<FailoverRun, double> value)
    {
        double[] sorted = [.. runs.Select(value).Order()];
        return new(Round(sorted[0]), Round(At(0.5)), Round(At(0.95)), Round(sorted[^1]));

        double At(double share) => sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }

    /// <inheritdoc/>
    public override string ToString() => $"median {Median:0} p95 {P95:0} max {Max:0}";

    private static double Round(double value) => Math.Round(value, 1);
}
