namespace OrleansScheduler.Chaos;

/// <summary>The time in which an attempt is known to have lived.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Node">Where it ran.</param>
/// <param name="Port">The port that it was given; null when it has not said.</param>
/// <param name="From">Its first word.</param>
/// <param name="To">Its last.</param>
internal sealed record AttemptRun(AttemptId Attempt, string Node, int? Port, double From, double To)
{
    /// <summary>Seconds after a fault until what was replaced meanwhile must be gone.</summary>
    public const double Cleanup = 10;

    /// <summary>The runs that a witness tells of.</summary>
    public static ImmutableArray<AttemptRun> Of(ImmutableArray<WitnessLine> witness) =>
        [.. witness.GroupBy(line => line.Attempt).Select(lines => One([.. lines]))];

    /// <summary>
    /// Whether it may have been without a word of the cell: then the cell may have replaced it and given away what it still uses.
    /// </summary>
    public bool MayBeReplaced(ImmutableArray<FaultWindow> faults) =>
        faults.Any(fault => fault.Nodes.Contains(Node) && fault.From <= To && From <= fault.To + Cleanup);

    private static AttemptRun One(WitnessLine[] lines) => new(
        lines[0].Attempt, lines[0].Node, lines.FirstOrDefault(line => line.Kind == WitnessKind.Start).Code,
        lines.Min(line => line.At), lines.Max(line => line.At));
}
