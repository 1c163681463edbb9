using Orleans.Serialization;

namespace OrleansScheduler.Silo;

/// <summary>
/// The durable record of one grain: entries in order, a snapshot from time to time, one owner at a time. Entries that arrive while a
/// write is under way go into the next one, so the store sees a few writes however many callers there are.
/// </summary>
/// <typeparam name="TEntry">One recorded fact.</typeparam>
/// <typeparam name="TSnapshot">All facts so far, summed up.</typeparam>
internal sealed class Journal<TEntry, TSnapshot>(
    JournalLog log, Serializer serializer, JournalOptions options, JournalMetrics metrics, TimeProvider time)
    where TSnapshot : class
{
    private readonly Lock _gate = new();
    private readonly List<JournalWrite> _waiting = [];
    private long _waitingBytes;
    private bool _writing;
    private bool _compacting;
    private Exception? _lost;

    /// <summary>Which owner this is; every opening raises it. Commands to others carry it, so that they can refuse older ones.</summary>
    public long Epoch => log.Epoch;

    /// <summary>Number of the last durable entry; 0 when there is none.</summary>
    public long LastNumber => log.LastNumber;

    /// <summary>Whether anything was ever recorded.</summary>
    public bool Exists => log.Exists;

    /// <summary>
    /// Whether <see cref="Compact(TSnapshot, long)"/> should be called: a snapshot would make the next recovery markedly cheaper.
    /// </summary>
    public bool WantsSnapshot => !_compacting && log.WantsSnapshot;

    /// <summary>Completes when the garbage that is known so far has been tried to delete.</summary>
    public Task Cleaned => log.Cleaned;

    /// <summary>
    /// Takes the journal over from whoever owned it and reads it. Call it once, before anything else. A journal without entries is only
    /// created by the first append.
    /// </summary>
    /// <exception cref="JournalLostException">Others keep taking it over.</exception>
    /// <exception cref="JournalCorruptException">A row is damaged or missing.</exception>
    /// <exception cref="JournalUnavailableException">The store failed several times in a row.</exception>
    public async Task<Recovered<TEntry, TSnapshot>> Open(CancellationToken cancellationToken)
    {
        var (snapshot, frames) = await log.Open(cancellationToken);
        var entries = new List<TEntry>();
        foreach (var frame in frames)
        {
            // The first frame may begin with entries that the snapshot contains.
            var skipped = (int)Math.Max(0, log.Through - frame.First + 1);
            entries.AddRange(serializer.Deserialize<TEntry[]>(frame.Bytes)!.Skip(skipped));
        }

        return new(snapshot is null ? null : serializer.Deserialize<TSnapshot>(snapshot), entries);
    }

    /// <summary>Makes one entry durable. Answers its number, from 1.</summary>
    /// <inheritdoc cref="Append(IReadOnlyList{TEntry})"/>
    public Task<long> Append(TEntry entry) => Append([entry]);

    /// <summary>Makes entries durable, all of them or none, behind all that were appended before. Answers the last one's number.</summary>
    /// <exception cref="JournalLostException">
    /// Somebody else owns the journal, or the outcome is unknown: drop the state and deactivate.
    /// </exception>
    /// <exception cref="JournalFullException">Too much waits already; nothing was written.</exception>
    public Task<long> Append(IReadOnlyList<TEntry> entries)
    {
        if (entries.Count == 0) return Task.FromResult(LastNumber);
        var bytes = serializer.SerializeToArray(entries as TEntry[] ?? [.. entries]);
        return Enqueue(new JournalWrite.Entries(entries.Count, bytes));
    }

    /// <summary>Replaces entries by a snapshot. Appends go on meanwhile.</summary>
    /// <param name="snapshot">The state after the entry <paramref name="through"/>.</param>
    /// <param name="through">The last entry that the snapshot contains, as <see cref="Append(TEntry)"/> answered it.</param>
    /// <exception cref="JournalLostException">
    /// Somebody else owns the journal, or the outcome is unknown: drop the state and deactivate.
    /// </exception>
    /// <exception cref="JournalUnavailableException">
    /// The snapshot could not be stored; the journal is as before and may be tried again.
    /// </exception>
    public Task Compact(TSnapshot snapshot, long through) =>
        Store(() => Task.FromResult(serializer.SerializeToArray(snapshot)), through);

    /// <summary>The same with a snapshot that takes long to make: another thread makes it, of what does not change any more.</summary>
    /// <inheritdoc cref="Compact(TSnapshot, long)"/>
    public Task Compact(Func<TSnapshot> snapshot, long through) =>
        Store(() => Task.Run(() => serializer.SerializeToArray(snapshot())), through);

    /// <summary>
    /// Makes sure that nobody has taken the journal over so far. For answers that nothing is written for, and by which something would be
    /// ended that only a later owner knows.
    /// </summary>
    /// <exception cref="JournalLostException">Somebody else owns the journal.</exception>
    /// <exception cref="JournalUnavailableException">The store does not say.</exception>
    public Task Confirm(CancellationToken cancellationToken) =>
        _lost is { } lost ? Task.FromException(Refusal(lost)) : log.Confirm(cancellationToken);

    /// <summary>Reads all rows again and compares them with what this owner wrote. Nothing is written meanwhile.</summary>
    /// <exception cref="JournalLostException">Somebody else owns the journal.</exception>
    public async Task<StateCheck> Check()
    {
        var check = new JournalWrite.Check();
        await Enqueue(check);
        return check.Found!;
    }

    private async Task Store(Func<Task<byte[]>> snapshot, long through)
    {
        if (through < log.Through || through > LastNumber)
            throw new ArgumentOutOfRangeException(nameof(through), through, $"durable entries are {log.Through} to {LastNumber}");
        if (_lost is { } lost) throw Refusal(lost);
        if (_compacting) throw new InvalidOperationException("a snapshot is being stored already");
        _compacting = true;
        try
        {
            var bytes = await snapshot();
            var target = await log.WriteSnapshot(bytes);
            await Enqueue(new JournalWrite.Snapshot(bytes, target, through));
        }
        finally
        {
            _compacting = false;
        }
    }

    private Task<long> Enqueue(JournalWrite write)
    {
        var start = false;
        lock (_gate)
        {
            if (_lost is { } lost) return Task.FromException<long>(Refusal(lost));
            if (_waitingBytes + write.Size > options.MaxWaitingBytes && _waiting.Count > 0)
                return Task.FromException<long>(
                    new JournalFullException($"{_waitingBytes} bytes of entries wait for the store already; try again later"));
            _waiting.Add(write);
            _waitingBytes += write.Size;
            (start, _writing) = (!_writing, true);
        }

        if (start) _ = WriteAll();
        return write.Done;
    }

    private async Task WriteAll()
    {
        // Lets everybody who is about to append in this turn come along with the first write.
        await Task.Yield();
        while (TakeGroup() is { Count: > 0 } group)
        {
            try
            {
                await Write(group);
            }
            catch (Exception exception)
            {
                Lose(exception, group);
                return;
            }
        }
    }

    private async Task Write(List<JournalWrite> group)
    {
        if (group[0] is JournalWrite.Snapshot snapshot)
        {
            await log.MoveTo(snapshot.Bytes, snapshot.Target, snapshot.Through);
            snapshot.Complete(snapshot.Through);
            return;
        }

        if (group[0] is JournalWrite.Check check)
        {
            check.Found = await log.Check();
            check.Complete(LastNumber);
            return;
        }

        var started = time.GetTimestamp();
        var frames = new List<JournalFrame>(group.Count);
        foreach (var entries in group.Cast<JournalWrite.Entries>())
            frames.Add(new(frames.Count == 0 ? LastNumber + 1 : frames[^1].Last + 1, entries.Count, entries.Bytes));
        await log.Append(frames);
        metrics.Record(time.GetElapsedTime(started), frames.Sum(frame => frame.Count));
        for (var i = 0; i < group.Count; i++) group[i].Complete(frames[i].Last);
    }

    /// <summary>
    /// What goes into the next write: appends up to a row's size, one snapshot or one check. Empty, and writing ends, when nothing waits.
    /// </summary>
    private List<JournalWrite> TakeGroup()
    {
        lock (_gate)
        {
            var (count, size) = (0, 0L);
            while (count < _waiting.Count && (count == 0 || Joins(_waiting[0], _waiting[count], size))) size += _waiting[count++].Size;
            var group = _waiting.GetRange(0, count);
            _waiting.RemoveRange(0, count);
            _waitingBytes -= size;
            _writing = count > 0;
            return group;
        }
    }

    private int MaxGroupBytes => options.MaxRowBytes - JournalSegment.HeaderBytes;

    private bool Joins(JournalWrite first, JournalWrite next, long size) =>
        first is JournalWrite.Entries && next is JournalWrite.Entries && size + next.Size <= MaxGroupBytes;

    /// <summary>After a write that failed the owner knows nothing for certain, so it may not write again.</summary>
    private void Lose(Exception exception, List<JournalWrite> group)
    {
        List<JournalWrite> refused;
        lock (_gate)
        {
            _lost = exception;
            refused = [.. _waiting];
            _waiting.Clear();
            _writing = false;
        }

        foreach (var write in group) write.Fail(exception);
        foreach (var write in refused) write.Fail(Refusal(exception));
    }

    private static JournalLostException Refusal(Exception lost) =>
        new($"The journal was lost before: {lost.Message}", mayBeWritten: false, lost);
}

/// <summary>A journal as its new owner finds it.</summary>
/// <typeparam name="TEntry">One recorded fact.</typeparam>
/// <typeparam name="TSnapshot">All facts so far, summed up.</typeparam>
/// <param name="Snapshot">The last snapshot; null without one.</param>
/// <param name="Entries">The entries since, in order.</param>
internal sealed record Recovered<TEntry, TSnapshot>(TSnapshot? Snapshot, IReadOnlyList<TEntry> Entries)
    where TSnapshot : class;
