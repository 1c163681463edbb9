namespace OrleansScheduler.Chaos;

/// <summary>S12: the epoch of the ledger that an agent obeys never falls.</summary>
internal static class EpochCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence) => (
        evidence.Epochs.Values.Sum(epochs => epochs.Length),
        from agent in evidence.Epochs
        from pair in agent.Value.Zip(agent.Value.Skip(1))
        where pair.Second < pair.First
        select $"{agent.Key} had obeyed epoch {pair.First}, then {pair.Second}");
}
