using Orleans.Serialization;

namespace OrleansScheduler.Silo;

/// <summary>The protocol of a journal on rows: who owns it, in which row the next entries go, and which rows may go away.</summary>
/// <remarks>
/// <para>
/// Small journals live in the head row, which is rewritten with its ETag: a second owner's raise of the epoch changes the ETag, and
/// the first one's next write fails. Bigger ones go on in segment rows that are only ever created, one number after the other: a new
/// owner raises the epoch in the head, reads on to the first free number and creates a claim there. Whoever owned the journal before
/// can only try to create that very number next, so it fails.
/// </para>
/// <para>
/// Therefore claims outlive the segments around them: a writer that slept while its successor took a snapshot and deleted the tail
/// must still find its number taken. The last <see cref="MaxClaims"/> are kept; a writer would have to sleep through that many changes
/// of owner to slip past them.
/// </para>
/// <para>Not thread-safe: <see cref="Journal{TEntry, TSnapshot}"/> calls one write at a time.</para>
/// </remarks>
internal sealed class JournalLog(JournalRows rows, Serializer serializer, JournalOptions options, ForgottenWrites forgotten)
{
    /// <summary>How many claims are kept.</summary>
    public const int MaxClaims = 64;

    /// <summary>What a head takes besides snapshot and tail, at most.</summary>
    private const int HeadOverheadBytes = 1024;

    private readonly JournalCleaner _cleaner = new(rows);
    private JournalHead _head = new() { Epoch = 1 };
    private string? _headETag;
    private JournalTail _tail = new();
    private int _snapshotBytes;
    private long _lastSnapshotId;

    /// <summary>The owner that this is.</summary>
    public long Epoch => _head.Epoch;

    /// <summary>Number of the last durable entry; 0 when there is none.</summary>
    public long LastNumber => _tail.Last;

    /// <summary>The last entry that the snapshot contains; 0 without one.</summary>
    public long Through => _head.Through;

    /// <summary>Whether the head row exists.</summary>
    public bool Exists => _headETag is not null;

    /// <summary>Completes when the garbage that is known so far has been tried to delete.</summary>
    public Task Cleaned => _cleaner.Idle;

    /// <summary>Whether a snapshot would make the next recovery markedly cheaper.</summary>
    public bool WantsSnapshot =>
        _tail.InlineBytes + _tail.SegmentBytes > Math.Max(options.SnapshotAfterBytes, _snapshotBytes)
        || _tail.Segments.Count > Math.Max(options.SnapshotAfterSegments, _snapshotBytes / 4096);

    /// <summary>Takes the journal over and reads it.</summary>
    /// <exception cref="JournalLostException">Others keep taking it over.</exception>
    public async Task<RecoveredBytes> Open(CancellationToken cancellationToken)
    {
        if (forgotten.Find(rows.Owner) is { } reason) throw new JournalCorruptException(rows.Owner, JournalHead.RowName, reason);
        if (await RaiseEpoch(cancellationToken) is not { } previous) return new(null, []);
        try
        {
            var snapshot = await ReadSnapshot(cancellationToken);
            _snapshotBytes = snapshot?.Length ?? 0;
            _tail = await new JournalReader(rows, _head).ReadTail(cancellationToken);
            await RequireOwnership(cancellationToken);
            _cleaner.DeleteLeftovers(_head, previous.Epoch);
            return new(snapshot, _tail.FramesAfter(_head.Through));
        }
        catch (JournalCorruptException)
        {
            // A later owner deletes rows that this one still looks for: they are missing, but nothing is damaged.
            await RequireOwnership(cancellationToken);
            throw;
        }
    }

    /// <summary>Makes frames durable, all of them or none.</summary>
    /// <exception cref="JournalLostException">Somebody else owns the journal, or the outcome is unknown.</exception>
    public async Task Append(IReadOnlyList<JournalFrame> frames)
    {
        var inlineBytes = _tail.InlineBytes + frames.Sum(frame => frame.Size);
        if (_head.Segmented || inlineBytes + (_head.Snapshot?.Length ?? 0) > options.MaxRowBytes - HeadOverheadBytes)
        {
            if (!_head.Segmented) await WriteHead(_head with { Segmented = true });
            await AppendSegments(frames);
            return;
        }

        // The write that goes over the limit still goes into the head, and opens the segments for those after it.
        var inline = (List<JournalFrame>)[.. _tail.Inline, .. frames];
        var tail = JournalFrame.Encode(inline);
        await WriteHead(_head with
        {
            TailFirst = inline[0].First,
            Tail = tail,
            Segmented = inlineBytes > options.MaxInlineTailBytes,
        });
        _tail.AddInline(frames, tail);
    }

    /// <summary>
    /// Writes a snapshot's rows when it is too big for the head; null when it is not. May run while entries are appended.
    /// </summary>
    /// <exception cref="JournalUnavailableException">The store failed; nothing points to the rows.</exception>
    public async Task<SnapshotRows?> WriteSnapshot(byte[] snapshot)
    {
        if (snapshot.Length <= options.MaxInlineSnapshotBytes) return null;
        var parts = snapshot.Chunk(options.MaxRowBytes).ToArray();
        var target = new SnapshotRows(Epoch, ++_lastSnapshotId, parts.Length, snapshot.Length);
        try
        {
            for (var part = 0; part < parts.Length; part++)
            {
                var name = target.RowName(part);
                var written = await rows.Write(name, etag: null, JournalRow.Seal(name, Epoch, parts[part]));
                if (written.ETag is null) throw Lost(name, written.Other, mayBeWritten: false);
            }

            return target;
        }
        catch (JournalUnavailableException)
        {
            _cleaner.DeleteSnapshot(target);
            throw;
        }
    }

    /// <summary>Lets the head point to a snapshot and drops the entries that it contains.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="target">Its rows; null to keep it in the head.</param>
    /// <param name="through">The last entry that it contains.</param>
    /// <exception cref="JournalLostException">Somebody else owns the journal, or the outcome is unknown.</exception>
    public async Task MoveTo(byte[] snapshot, SnapshotRows? target, long through)
    {
        var rest = _tail.After(through);
        var segmented = rest.Segments.Count > 0;
        var claims = _tail.Segments.Where(segment => segment.IsClaim).Select(segment => segment.Number).Concat(_head.Claims);
        var old = _head;
        await WriteHead(old with
        {
            Through = through,
            Snapshot = target is null ? snapshot : null,
            Rows = target,
            TailFirst = rest.Inline.Count > 0 ? rest.Inline[0].First : through + 1,
            Tail = JournalFrame.Encode(rest.Inline),
            Segmented = segmented,
            FirstSegment = segmented ? rest.Segments[0].Number : _tail.NextSegment,
            OldestSegment = _cleaner.DeletedBefore(old.OldestSegment),
            Claims = [.. claims.Distinct().OrderDescending().Take(MaxClaims)],
            Previous = old.Rows,
        });
        _cleaner.DeleteBehind(old, _head, _tail.Segments);
        _tail = rest;
        _snapshotBytes = snapshot.Length;
    }

    /// <summary>Makes sure that this is the owner: whoever takes the journal over raises the epoch in the head first.</summary>
    /// <exception cref="JournalLostException">It is not.</exception>
    public async Task Confirm(CancellationToken cancellationToken)
    {
        var head = await rows.Read(JournalHead.RowName, cancellationToken);
        var isOurs = head is null ? !Exists : Exists && head.Row.Epoch == Epoch;
        if (!isOurs) throw Lost(JournalHead.RowName, head, mayBeWritten: false);
    }

    /// <summary>Reads all rows again and compares them with what this owner wrote.</summary>
    public Task<StateCheck> Check() => new JournalCheck(rows, serializer).Run(_head, _headETag, _tail);

    /// <summary>
    /// Writes a journal that consists of one snapshot over whatever is there, readable or not. Only for a cell that does not run.
    /// </summary>
    /// <param name="snapshot">The snapshot; null for a journal of somebody who does not exist.</param>
    /// <param name="epoch">The owner that it is written for; must be above all before it.</param>
    /// <param name="number">The last entry that the snapshot contains.</param>
    /// <param name="firstSegment">The first segment row from now on; must be above all that may be left of the journal before.</param>
    public async Task Replace(byte[]? snapshot, long epoch, long number, long firstSegment)
    {
        _head = new() { Epoch = epoch };
        var target = snapshot is null ? null : await WriteSnapshot(snapshot);
        _headETag = await rows.Find(JournalHead.RowName);
        await WriteHead(_head with
        {
            Through = number,
            Snapshot = target is null ? snapshot : null,
            Rows = target,
            TailFirst = number + 1,
            FirstSegment = firstSegment,
            OldestSegment = firstSegment,
        });
    }

    /// <summary>Raises the epoch by compare-and-swap. Answers the head as it was; null when there is no journal yet.</summary>
    private async Task<JournalHead?> RaiseEpoch(CancellationToken cancellationToken)
    {
        StoredRow? seen = null;
        for (var attempt = 0; attempt <= options.RetryDelays.Length; attempt++)
        {
            seen = await rows.Read(JournalHead.RowName, cancellationToken);
            if (seen is null) return null;
            var found = ReadHead(seen.Row);
            var raised = found with { Epoch = found.Epoch + 1 };
            var written = await rows.Write(JournalHead.RowName, seen.ETag, SealHead(raised));
            if (written.ETag is null) continue;
            (_head, _headETag) = (raised, written.ETag);
            return found;
        }

        throw Lost(JournalHead.RowName, seen, mayBeWritten: false);
    }

    /// <summary>
    /// Makes sure that nobody raised the epoch while this owner was reading. Whoever does so later finds its claim; whoever did so
    /// before may have deleted rows that this owner took for free numbers.
    /// </summary>
    private async Task RequireOwnership(CancellationToken cancellationToken)
    {
        if (_head.Segmented || _head.Rows is not null) await Confirm(cancellationToken);
    }

    private async Task WriteHead(JournalHead next)
    {
        var written = await WriteOrLose(JournalHead.RowName, _headETag, SealHead(next));

        if (written.ETag is null && _headETag is not null && (written.Other is null || written.Other.Row.Epoch <= Epoch))
            throw new JournalCorruptException(rows.Owner, JournalHead.RowName, forgotten.Add(rows.Owner, Epoch));

        // Our entries may be in the head that the other one found and rewrote.
        if (written.ETag is null) throw Lost(JournalHead.RowName, written.Other, mayBeWritten: true);
        (_head, _headETag) = (next, written.ETag);
    }

    private async Task AppendSegments(IReadOnlyList<JournalFrame> frames)
    {
        var chunks = JournalFrame.Encode(frames).Chunk(options.MaxRowBytes - JournalSegment.HeaderBytes).ToArray();
        var group = new List<SegmentRow>(chunks.Length);
        for (var part = 0; part < chunks.Length; part++)
        {
            var number = _tail.NextSegment + part;
            var name = JournalSegment.RowName(number);
            var segment = new JournalSegment(frames[0].First, part, chunks.Length, chunks[part]);
            var written = await WriteOrLose(name, etag: null, JournalRow.Seal(name, Epoch, segment.Encode()));
            if (written.ETag is null) throw Lost(name, written.Other, mayBeWritten: false);
            group.Add(new(number, written.ETag, segment.Bytes.Length, IsClaim: false));
        }

        _tail.AddSegments(group, frames);
    }

    private async Task<RowWrite> WriteOrLose(string name, string? etag, JournalRow row)
    {
        try
        {
            return await rows.Write(name, etag, row);
        }
        catch (JournalUnavailableException exception)
        {
            throw new JournalLostException(exception.Message, mayBeWritten: true, exception);
        }
    }

    private async Task<byte[]?> ReadSnapshot(CancellationToken cancellationToken)
    {
        if (_head.Rows is not { } target) return _head.Snapshot;
        var bytes = new MemoryStream(target.Length);
        for (var part = 0; part < target.Parts; part++)
        {
            var name = target.RowName(part);
            var row = await rows.Read(name, cancellationToken) ?? throw new JournalCorruptException(rows.Owner, name, "it is missing");
            bytes.Write(row.Row.Payload);
        }

        return bytes.Length == target.Length
            ? bytes.ToArray()
            : throw new JournalCorruptException(
                rows.Owner, target.RowName(0), $"the snapshot has {bytes.Length} bytes instead of {target.Length}");
    }

    private JournalRow SealHead(JournalHead head) => JournalRow.Seal(JournalHead.RowName, head.Epoch, serializer.SerializeToArray(head));

    private JournalHead ReadHead(JournalRow row)
    {
        try
        {
            return serializer.Deserialize<JournalHead>(row.Payload)!;
        }
        catch (Exception exception)
        {
            throw new JournalCorruptException(rows.Owner, JournalHead.RowName, "its payload cannot be read", exception);
        }
    }

    private JournalLostException Lost(string name, StoredRow? other, bool mayBeWritten) => new(
        $"Journal of {rows.Owner}: epoch {Epoch} found row {name} {(other is null ? "gone" : $"written by epoch {other.Row.Epoch}")}",
        mayBeWritten);
}

/// <summary>A journal as it was read.</summary>
/// <param name="Snapshot">The snapshot; null without one.</param>
/// <param name="Frames">The entries since; the first frame may begin with entries that the snapshot contains.</param>
internal sealed record RecoveredBytes(byte[]? Snapshot, IReadOnlyList<JournalFrame> Frames);
