namespace OrleansScheduler.Agent;

/// <summary>What the probes of a task add up to.</summary>
internal enum HealthVerdict
{
    /// <summary>Nothing is decided yet.</summary>
    Starting,

    /// <summary>It is well.</summary>
    Well,

    /// <summary>It has failed.</summary>
    Failed,
}

/// <summary>Counts probes as Aurora does: attempts in the initial delay are forgiven, then failures in a row count, and being well must
/// come within a budget of attempts.</summary>
internal sealed class HealthTally(HealthSpec spec)
{
    private readonly int _forgiven = (int)Math.Ceiling(spec.InitialDelay / spec.Interval);
    private readonly int _budget = (int)Math.Ceiling(spec.InitialDelay / spec.Interval) + spec.MaxFailures + spec.MinSuccesses;
    private int _attempts;
    private int _failuresInARow;
    private int _successesInARow;

    /// <summary>What it all adds up to so far.</summary>
    public HealthVerdict Verdict { get; private set; }

    /// <summary>Counts one probe.</summary>
    public HealthVerdict Count(bool isWell)
    {
        if (Verdict == HealthVerdict.Failed) return Verdict;
        if (_attempts < _budget) _attempts++;
        _successesInARow = isWell ? Math.Min(_successesInARow + 1, spec.MinSuccesses) : 0;
        _failuresInARow = isWell || _attempts <= _forgiven ? 0 : _failuresInARow + 1;
        if (_successesInARow >= spec.MinSuccesses) Verdict = HealthVerdict.Well;
        if (_failuresInARow > spec.MaxFailures) Verdict = HealthVerdict.Failed;
        if (Verdict == HealthVerdict.Starting && _attempts >= _budget) Verdict = HealthVerdict.Failed;
        return Verdict;
    }
}
