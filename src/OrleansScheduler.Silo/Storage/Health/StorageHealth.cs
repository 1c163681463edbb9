namespace OrleansScheduler.Silo;

/// <summary>
/// Whether this silo's storage answers. All of its grains go by it, so that only the first write of an outage waits for a time-out, and
/// the others are refused at once.
/// </summary>
internal sealed class StorageHealth(TimeProvider time) : AnswerHealth(time)
{
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
        Away();
        return new("The cell's storage does not answer.", exception) { MayBeDone = true };
    }
}
