namespace OrleansScheduler.Silo;

/// <summary>Whether something that this silo needs still answers.</summary>
internal abstract class AnswerHealth(TimeProvider time)
{
    /// <summary>Probes that fail in a row before it counts as away. One may just have been slow.</summary>
    private const int FailuresUntilAway = 2;

    private readonly Lock _gate = new();
    private long _lastAnswer = time.GetTimestamp();
    private int _failures;
    private bool _away;

    /// <summary>Whether it does not answer.</summary>
    public bool IsAway => Volatile.Read(ref _away);

    /// <summary>How old the last answer is while it is away; null while it is not.</summary>
    public TimeSpan? AwayFor
    {
        get
        {
            lock (_gate) return _away ? time.GetElapsedTime(_lastAnswer) : null;
        }
    }

    /// <summary>A probe was answered.</summary>
    public void Answered()
    {
        lock (_gate) (_lastAnswer, _failures, _away) = (time.GetTimestamp(), 0, false);
    }

    /// <summary>A probe failed, or is still without an answer.</summary>
    public void Failed()
    {
        lock (_gate) _away = ++_failures >= FailuresUntilAway || _away;
    }

    /// <summary>It is known to be away, without a probe.</summary>
    protected void Away()
    {
        lock (_gate) _away = true;
    }
}
