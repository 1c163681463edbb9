namespace OrleansScheduler.Cli;

/// <summary>One line of <c>osched bench ledger</c>.</summary>
/// <param name="Case">What was measured.</param>
/// <param name="Nodes">On how many nodes.</param>
/// <param name="Frameworks">For how many frameworks or roles; null where there are none.</param>
/// <param name="DecisionsPerSecond">Decisions a second: placements, or answers, or rounds, as the case says. Median of the runs.</param>
/// <param name="NsPerDecision">The same as nanoseconds for one.</param>
/// <param name="BytesPerDecision">Memory allocated for one.</param>
/// <param name="RatioToScalar">How many times as fast as the plain loop on the same load; null where none makes sense.</param>
/// <param name="Peer">What others published for it; null for nothing.</param>
internal sealed record LedgerBenchRow(
    string Case, int Nodes, int? Frameworks, double DecisionsPerSecond, double NsPerDecision, double BytesPerDecision,
    double? RatioToScalar = null, string? Peer = null);
