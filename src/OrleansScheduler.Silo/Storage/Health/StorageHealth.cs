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

    /// <summary>Opens the journal of a grain that starts. If that fails nothing was done: whoever called it may ask again.</summary>
    /// <exception cref="StorageUnavailableException">The storage is away.</exception>
    /// <exception cref="JournalLostException">Others keep taking the journal over.</exception>
    /// <exception cref="JournalCorruptException">A row is damaged or missing.</exception>
    public async Task<Recovered<TEntry, TSnapshot>> Open<TEntry, TSnapshot>(
        Journal<TEntry, TSnapshot> journal, CancellationToken cancellationToken)
        where TSnapshot : class
    {
        Require();
        try
        {
            return await journal.Open(cancellationToken);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            throw Outage(exception, mayBeDone: false);
        }
    }

    /// <summary>
    /// What to tell callers when a grain failed because the storage was away; null when it was something else. A row that was lost was
    /// tried several times, which counts like the probes; the next probe that is answered says otherwise.
    /// </summary>
    public StorageUnavailableException? Explain(Exception exception) => exception switch
    {
        StorageUnavailableException known => known,
        _ => IsOutage(exception) ? Outage(exception, mayBeDone: exception is JournalLostException) : null,
    };

    private static bool IsOutage(Exception exception) =>
        exception is JournalUnavailableException or JournalLostException { InnerException: JournalUnavailableException };

    /// <summary>The cause is told in words: what a provider throws cannot be sent to callers elsewhere, and this with it neither.</summary>
    private StorageUnavailableException Outage(Exception cause, bool mayBeDone)
    {
        Away();
        return new($"The cell's storage does not answer. {cause.Message}") { MayBeDone = mayBeDone };
    }
}
