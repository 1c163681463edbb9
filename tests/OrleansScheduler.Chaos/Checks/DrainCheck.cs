namespace OrleansScheduler.Chaos;

/// <summary>S24: nothing starts on a node that is out of service.</summary>
internal static class DrainCheck
{
    /// <summary>Seconds in which what was on its way may still start.</summary>
    private const double Allowed = 1;

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var drains = DrainWindow.Of(evidence.History);
        var faults = FaultWindow.Of(evidence.History);
        return (drains.Length, from drain in drains
                               from line in evidence.Witness
                               where line.Kind == WitnessKind.Start && line.Node == drain.Node
                               where drain.Done + Allowed < line.At && line.At < drain.Ends
                               where !faults.Any(fault => fault.Explains(line.Node, line.At))
                               select $"{line.Attempt} was started at {line.At:0.00} on {line.Node}, which was out of service "
                                   + $"from {drain.Done:0.00} to {drain.Ends:0.00}");
    }
}

/// <summary>The time in which a node was out of service.</summary>
/// <param name="Node">The node.</param>
/// <param name="Asked">When that was asked for.</param>
/// <param name="Done">When the cell had said so; the end of time if it never did.</param>
/// <param name="Ends">When the opposite was asked for.</param>
/// <param name="Ended">When the cell had said so.</param>
internal sealed record DrainWindow(string Node, double Asked, double Done, double Ends, double Ended)
{
    /// <summary>Whether what a node did at a time may come of it.</summary>
    public bool Explains(string node, double at) => Node == node && Asked <= at && at <= Ended + FaultWindow.Late;

    /// <summary>The drains of a history. An operator does one thing after the other.</summary>
    public static ImmutableArray<DrainWindow> Of(ImmutableArray<HistoryEvent> history)
    {
        var windows = ImmutableArray.CreateBuilder<DrainWindow>();
        foreach (var operation in Operation.Of(history))
        {
            if (operation is { Op: "drain", Asked.Target: { } node, Outcome: not OutcomeKind.Fail })
            {
                var done = operation.Outcome == OutcomeKind.Ok ? operation.Done : double.MaxValue;
                windows.Add(new(node, operation.Asked.T, done, double.MaxValue, double.MaxValue));
            }
            else if (operation is { Op: "undrain", Outcome: OutcomeKind.Ok } && windows.Count > 0
                && windows[^1] is { Ends: double.MaxValue } open && open.Node == operation.Asked.Target)
            {
                windows[^1] = open with { Ends = operation.Asked.T, Ended = operation.Done };
            }
        }

        return windows.ToImmutable();
    }
}
