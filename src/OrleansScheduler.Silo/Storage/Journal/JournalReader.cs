using System.Buffers;

namespace OrleansScheduler.Silo;

/// <summary>Reads a journal's tail for its new owner and claims the number behind it.</summary>
/// <remarks>
/// The owner before may still be writing: what it gets in before the claim stands belongs to the journal, what comes later is refused
/// by the store.
/// </remarks>
internal sealed class JournalReader(JournalRows rows, JournalHead head)
{
    /// <summary>
    /// How many rows are asked for at once: twice as many each time that there may be more. Most journals have none or the claim of the
    /// owner before, and in a cell that starts anew all journals are read at once.
    /// </summary>
    private const int FirstReadAhead = 4;
    private const int MostReadAhead = 16;

    private readonly List<SegmentRow> _unfinishedRows = [];
    private readonly ArrayBufferWriter<byte> _unfinishedBytes = new();
    private JournalTail _tail = new();
    private JournalSegment _group;
    private long _lastEpoch;
    private bool _anyGroup;

    /// <summary>The tail, closed by a claim of this owner when it is in segment rows.</summary>
    /// <exception cref="JournalCorruptException">A row is damaged or missing.</exception>
    /// <exception cref="JournalLostException">A later owner has claimed the journal.</exception>
    public async Task<JournalTail> ReadTail(CancellationToken cancellationToken)
    {
        var inline = JournalFrame.Decode(head.Tail, head.TailFirst)
            ?? throw Corrupt(JournalHead.RowName, "its entries cannot be told apart");
        _tail = JournalTail.Of(head, inline);
        if (!head.Segmented) return _tail;

        var number = head.FirstSegment;
        for (var (ahead, more) = (FirstReadAhead, true); more; ahead = Math.Min(2 * ahead, MostReadAhead))
        {
            var found = await ReadRows(number, ahead, cancellationToken);
            foreach (var row in found) Accept(number++, row);

            // The end is believed when the row behind it was looked for, too: otherwise one that was lost would pass for it.
            more = found.Count >= ahead - 1;
        }

        for (; ; number++)
        {
            var claim = await Claim(number, cancellationToken);
            if (claim.ETag is { } etag)
            {
                DropUnfinished();
                _tail.AddSegments([new(number, etag, Size: 0, IsClaim: true)], []);
                return _tail;
            }

            if (claim.Other is { } other) Accept(number, other);
        }
    }

    private async Task<RowWrite> Claim(long number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var name = JournalSegment.RowName(number);
        var claim = new JournalSegment(_tail.Last + 1, Part: 0, Parts: 0, default);
        return await rows.Write(name, etag: null, JournalRow.Seal(name, head.Epoch, claim.Encode()));
    }

    /// <summary>The rows from <paramref name="first"/> on that are there, at most <paramref name="ahead"/>.</summary>
    private async Task<List<StoredRow>> ReadRows(long first, int ahead, CancellationToken cancellationToken)
    {
        var reads = Enumerable.Range(0, ahead).Select(i => rows.Read(JournalSegment.RowName(first + i), cancellationToken));
        var found = await Task.WhenAll(reads);
        var count = Array.IndexOf(found, null);
        if (count < 0) return [.. found.OfType<StoredRow>()];
        var rowsBefore = found[..count].OfType<StoredRow>();

        // The owner before may have created this row and the ones behind it between our reads; only if it stays away it is missing.
        var gap = JournalSegment.RowName(first + count);
        if (Array.FindIndex(found, count, row => row is not null) >= 0)
        {
            var late = await rows.Read(gap, cancellationToken) ?? throw Corrupt(gap, "it is missing");
            return [.. rowsBefore, late];
        }

        return [.. rowsBefore];
    }

    private void Accept(long number, StoredRow stored)
    {
        var name = JournalSegment.RowName(number);
        if (stored.Row.Epoch >= head.Epoch)
            throw new JournalLostException(
                $"Journal of {rows.Owner}: epoch {head.Epoch} found a later owner in row {name}", mayBeWritten: false);
        var segment = JournalSegment.Decode(stored.Row.Payload) ?? throw Corrupt(name, "it is too short");
        if (stored.Row.Epoch < _lastEpoch) throw Corrupt(name, $"epoch {stored.Row.Epoch} wrote it after epoch {_lastEpoch}");
        _lastEpoch = stored.Row.Epoch;
        var row = new SegmentRow(number, stored.ETag, segment.Bytes.Length, segment.IsClaim);
        if (segment.IsClaim)
        {
            DropUnfinished();
            _tail.AddSegments([row], []);
            return;
        }

        if (segment.Part != _unfinishedRows.Count)
            throw Corrupt(name, $"part {_unfinishedRows.Count} of a group is expected here, this is part {segment.Part}");
        if (segment.Part == 0) _group = segment;
        if (!Follows(segment)) throw Corrupt(name, $"entry {_tail.Last + 1} is expected here, this begins with {segment.First}");
        _unfinishedRows.Add(row);
        _unfinishedBytes.Write(segment.Bytes.Span);
        if (_unfinishedRows.Count == segment.Parts) AcceptGroup(name);
    }

    private void AcceptGroup(string name)
    {
        var frames = JournalFrame.Decode(_unfinishedBytes.WrittenSpan.ToArray(), _group.First)
            ?? throw Corrupt(name, "its entries cannot be told apart");
        _tail.AddSegments(_unfinishedRows, frames);
        _anyGroup = true;
        Forget();
    }

    /// <summary>Groups follow each other without a gap; only the first may begin with entries that the snapshot contains.</summary>
    private bool Follows(JournalSegment segment) =>
        segment.Parts == _group.Parts && (_anyGroup ? segment.First == _tail.Last + 1 : segment.First <= _tail.Last + 1);

    /// <summary>A group whose last part never came was never acknowledged; only a claim may follow it.</summary>
    private void DropUnfinished()
    {
        if (_unfinishedRows.Count > 0) _tail.AddSegments(_unfinishedRows, []);
        Forget();
    }

    private void Forget()
    {
        _unfinishedRows.Clear();
        _unfinishedBytes.ResetWrittenCount();
    }

    private JournalCorruptException Corrupt(string row, string reason) => new(rows.Owner, row, reason);
}
