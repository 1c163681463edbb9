using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>
/// Reads and writes the rows of one journal and settles what became of a write that failed: whatever the store threw, the row itself
/// says whose it is. (A conflict does not surface as the same exception in every provider, so the exception's type decides nothing.)
/// </summary>
internal sealed class JournalRows(IGrainStorage storage, GrainId owner, JournalOptions options, TimeProvider time)
{
    /// <summary>Whose journal it is.</summary>
    public GrainId Owner => owner;

    /// <summary>The row; null when there is none.</summary>
    /// <exception cref="JournalCorruptException">The row is damaged.</exception>
    /// <exception cref="JournalUnavailableException">The store failed several times in a row.</exception>
    public async Task<StoredRow?> Read(string name, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await ReadOnce(name, cancellationToken);
            }
            catch (Exception exception) when (IsStoreFailure(exception, cancellationToken))
            {
                if (IsEnough(attempt, started)) throw new JournalUnavailableException(owner, name, "read", exception);
                await Task.Delay(options.RetryDelays[attempt], time, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Creates the row, or replaces the one with that ETag. Trying again is safe: whichever try the store carries out, the row is the
    /// same.
    /// </summary>
    /// <param name="name">The row.</param>
    /// <param name="etag">What it replaces; null to create it.</param>
    /// <param name="row">The new content.</param>
    /// <exception cref="JournalCorruptException">A row is there, and damaged.</exception>
    /// <exception cref="JournalUnavailableException">
    /// The store failed several times in a row: the row may or may not be written.
    /// </exception>
    public async Task<RowWrite> Write(string name, string? etag, JournalRow row)
    {
        var started = time.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return RowWrite.Done(await WriteOnce(name, etag, row));
            }
            catch (Exception failure)
            {
                if (await Settle(name, etag, row) is { } settled) return settled;
                if (IsEnough(attempt, started)) throw new JournalUnavailableException(owner, name, "written", failure);
                await Task.Delay(options.RetryDelays[attempt], time, CancellationToken.None);
            }
        }
    }

    /// <summary>The row's ETag, whatever its content; null when there is no row, or the store does not tell.</summary>
    public async Task<string?> Find(string name)
    {
        try
        {
            var state = await ReadState(name, CancellationToken.None);
            return state.RecordExists ? state.ETag : null;
        }
        catch (Exception)
        {
            return null;
        }
    }

    /// <summary>Deletes a row. Best effort: rows that stay are only garbage. Answers whether it is gone.</summary>
    public async Task<bool> Delete(string name, string etag)
    {
        try
        {
            var state = new GrainState<JournalRow> { State = new(), ETag = etag, RecordExists = true };
            await storage.ClearStateAsync(name, owner, state).WaitAsync(options.StoreTimeout, time);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>What the row says about a write that failed; null when it was not done yet and may be tried again.</summary>
    private async Task<RowWrite?> Settle(string name, string? etag, JournalRow row)
    {
        try
        {
            var found = await ReadOnce(name, CancellationToken.None);
            if (found?.Row.Nonce == row.Nonce) return RowWrite.Done(found.ETag);
            return found?.ETag == etag ? null : RowWrite.Refused(found);
        }
        catch (Exception exception) when (exception is not JournalCorruptException)
        {
            return null;
        }
    }

    private async Task<string> WriteOnce(string name, string? etag, JournalRow row)
    {
        var state = new GrainState<JournalRow> { State = row, ETag = etag!, RecordExists = etag is not null };
        await storage.WriteStateAsync(name, owner, state).WaitAsync(options.StoreTimeout, time);
        return state.ETag!;
    }

    private async Task<StoredRow?> ReadOnce(string name, CancellationToken cancellationToken)
    {
        var state = await ReadState(name, cancellationToken);
        if (!state.RecordExists) return null;
        var row = state.State!;
        return row.Damage(name) is { } damage ? throw new JournalCorruptException(owner, name, damage) : new StoredRow(row, state.ETag!);
    }

    private async Task<GrainState<JournalRow>> ReadState(string name, CancellationToken cancellationToken)
    {
        var state = new GrainState<JournalRow> { State = new() };
        try
        {
            await storage.ReadStateAsync(name, owner, state, cancellationToken).WaitAsync(options.StoreTimeout, time, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidDataException or Orleans.Serialization.SerializerException)
        {
            throw new JournalCorruptException(owner, name, "its bytes cannot be read", exception);
        }

        return state;
    }

    private bool IsEnough(int attempt, long started) =>
        attempt == options.RetryDelays.Length || time.GetElapsedTime(started) >= options.GiveUpAfter;

    private static bool IsStoreFailure(Exception exception, CancellationToken cancellationToken) =>
        exception is not JournalCorruptException && !cancellationToken.IsCancellationRequested;
}

/// <summary>A row as it was found.</summary>
/// <param name="Row">The row.</param>
/// <param name="ETag">Its ETag.</param>
internal sealed record StoredRow(JournalRow Row, string ETag);

/// <summary>What became of a write.</summary>
/// <param name="ETag">The row's new ETag; null when the write was refused.</param>
/// <param name="Other">The row that stands there instead; null when none does.</param>
internal readonly record struct RowWrite(string? ETag, StoredRow? Other)
{
    /// <summary>The row is ours.</summary>
    public static RowWrite Done(string etag) => new(etag, null);

    /// <summary>The row is somebody else's.</summary>
    public static RowWrite Refused(StoredRow? other) => new(null, other);
}
