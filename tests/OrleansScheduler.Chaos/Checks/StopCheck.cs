namespace OrleansScheduler.Chaos;

/// <summary>S26: nothing of a job starts after its stop was accepted, and nothing of it lives on.</summary>
internal static class StopCheck
{
    private const double Allowed = 1;

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var stopped = Operation.Of(evidence.History).Where(operation => operation is { Op: "stop", Outcome: OutcomeKind.Ok })
            .GroupBy(operation => operation.Job).ToDictionary(group => group.Key, group => group.Min(operation => operation.Done));
        var faults = FaultWindow.Of(evidence.History);
        return (stopped.Count, [.. Starts(), .. Alive()]);

        IEnumerable<string> Starts() =>
            from line in evidence.Witness
            where line.Kind == WitnessKind.Start && stopped.TryGetValue(line.Attempt.Job, out var at) && line.At > at + Allowed
            where !faults.Any(fault => fault.Explains(line.Node, line.At))
            select $"{line.Attempt} was started at {line.At:0.00} on {line.Node}, its job was stopped at {stopped[line.Attempt.Job]:0.00}";

        IEnumerable<string> Alive() =>
            from attempt in evidence.Final?.Alive ?? []
            where stopped.ContainsKey(attempt.Job)
            select $"{attempt} lives, its job was stopped at {stopped[attempt.Job]:0.00}";
    }
}
