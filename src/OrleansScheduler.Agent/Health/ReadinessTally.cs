namespace OrleansScheduler.Agent;

/// <summary>
/// Counts readiness probes: one success makes a task ready, more failures in a row than its health forgives make it unready.
/// </summary>
/// <param name="spec">The terms.</param>
/// <param name="isReady">What it was until now.</param>
internal sealed class ReadinessTally(HealthSpec spec, bool isReady)
{
    private int _failuresInARow;
    private bool _isReady = isReady;

    /// <summary>Whether the last probes decide by themselves, whatever it was before.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Counts one probe and says what it all adds up to.</summary>
    public bool Count(bool isWell)
    {
        _failuresInARow = isWell ? 0 : Math.Min(_failuresInARow + 1, int.MaxValue - 1);
        IsSettled = isWell || _failuresInARow > spec.MaxFailures;
        if (IsSettled) _isReady = isWell;
        return _isReady;
    }
}
