namespace OrleansScheduler.Silo;

/// <summary>
/// Whether this silo's storage answers. All of its grains go by it, so that only the first write of an outage waits for a time-out, and
/// the others are refused at once.
/// </summary>
internal sealed class StorageHealth(TimeProvider time)
{
    /// <summary>Probes that fail in a row before the storage counts as away. One may just have been slow.</summary>
    private const int FailuresUntilAway = 2;

    private readonly Lock _gate = new();
    private long _lastAnswer = time.GetTimestamp();
    private int _failures;
    private bool _away;

    /// <summary>Whether writes are refused.</summary>
    public bool IsAway => Volatile.Read(ref _away);

    /// <summary>How old the last answer is while the storage is away; null while it is not.</summary>
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

    /// <summary>Refuses what would need the storage while it is away. Nothing was done.</summary>
    /// <exception cref="StorageUnavailableException">It is away.</exception>
    public void Require()
    {
        if (IsAway) throw new StorageUnavailableException("The cell's storage does not answer.");
    }

    /// <summary>
    /// What to tell callers when a grain failed because the storage was away; null when it was something else. A write that was lost was
    /// tried several times, which counts like the probes; the next probe that is answered says otherwise.
    /// </summary>
    public StorageUnavailableException? Explain(Exception exception)
    {
        if (exception is StorageUnavailableException known) return known;
        if (exception is not JournalLostException { InnerException: JournalUnavailableException }) return null;
        lock (_gate) _away = true;
        return new("The cell's storage does not answer.", exception) { MayBeDone = true };
    }
}
