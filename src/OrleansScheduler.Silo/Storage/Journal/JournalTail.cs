namespace OrleansScheduler.Silo;

/// <summary>What follows the snapshot: frames in the head row, then segment rows.</summary>
internal sealed class JournalTail
{
    private List<JournalFrame>? _recovered;

    /// <summary>Frames in the head row.</summary>
    public List<JournalFrame> Inline { get; } = [];

    /// <summary>Segment rows in the order of their numbers.</summary>
    public List<SegmentRow> Segments { get; } = [];

    /// <summary>Bytes of <see cref="Inline"/>.</summary>
    public int InlineBytes { get; private set; }

    /// <summary>Bytes of <see cref="Segments"/>.</summary>
    public long SegmentBytes { get; private set; }

    /// <summary>Number of the last entry.</summary>
    public long Last { get; private set; }

    /// <summary>The number that the next segment row gets.</summary>
    public long NextSegment { get; private set; } = 1;

    /// <summary>The tail as a head row describes it, before segment rows are read.</summary>
    public static JournalTail Of(JournalHead head, List<JournalFrame> inline)
    {
        var tail = new JournalTail { Last = head.Through, NextSegment = head.FirstSegment, _recovered = [] };
        tail.AddInline(inline);
        tail._recovered.AddRange(inline);
        return tail;
    }

    /// <summary>Frames were written to the head row behind those before: all are parts of <paramref name="tail"/> from now on.</summary>
    public void AddInline(IReadOnlyList<JournalFrame> frames, byte[] tail)
    {
        AddInline(frames);
        var first = Inline[0].First;
        Inline.Clear();
        Inline.AddRange(JournalFrame.Decode(tail, first)!);
    }

    private void AddInline(IReadOnlyList<JournalFrame> frames)
    {
        Inline.AddRange(frames);
        InlineBytes += frames.Sum(frame => frame.Size);
        MoveLast(frames);
    }

    /// <summary>A group was written to segment rows.</summary>
    /// <param name="group">The rows.</param>
    /// <param name="frames">What they contain; none for claims and for what is left of an unfinished group.</param>
    public void AddSegments(IReadOnlyList<SegmentRow> group, IReadOnlyList<JournalFrame> frames)
    {
        MoveLast(frames);
        Segments.AddRange(group.Select(row => row with { LastEntry = Last }));
        SegmentBytes += group.Sum(row => (long)row.Size);
        NextSegment = group[^1].Number + 1;
        _recovered?.AddRange(frames);
    }

    /// <summary>What is left of the tail behind a snapshot.</summary>
    /// <param name="through">The last entry that the snapshot contains.</param>
    public JournalTail After(long through)
    {
        var rest = new JournalTail { NextSegment = NextSegment };
        rest.AddInline(Inline.FindAll(frame => frame.Last > through));
        rest.Segments.AddRange(Segments.SkipWhile(segment => segment.LastEntry <= through));
        rest.SegmentBytes = rest.Segments.Sum(row => (long)row.Size);
        rest.Last = Last;
        return rest;
    }

    /// <summary>The frames that were read, without those that a snapshot contains; they are forgotten with this call.</summary>
    public IReadOnlyList<JournalFrame> FramesAfter(long through)
    {
        var frames = _recovered!.FindAll(frame => frame.Last > through);
        _recovered = null;
        return frames;
    }

    private void MoveLast(IReadOnlyList<JournalFrame> frames)
    {
        if (frames.Count > 0) Last = Math.Max(Last, frames[^1].Last);
    }
}

/// <summary>A segment row that exists.</summary>
/// <param name="Number">Its number.</param>
/// <param name="ETag">Its ETag.</param>
/// <param name="Size">Bytes of its frames.</param>
/// <param name="IsClaim">Whether it carries no entries.</param>
/// <param name="LastEntry">The last entry up to and with this row.</param>
internal readonly record struct SegmentRow(long Number, string ETag, int Size, bool IsClaim, long LastEntry = 0);
