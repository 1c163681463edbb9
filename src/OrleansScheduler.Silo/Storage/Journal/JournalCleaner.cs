namespace OrleansScheduler.Silo;

/// <summary>
/// Deletes rows that nothing points to any more, in the background and one after the other. What it misses is found again at the next
/// opening.
/// </summary>
internal sealed class JournalCleaner(JournalRows rows)
{
    /// <summary>How many rows an opening deletes at most, so that a long outage of deletions does not make one opening slow.</summary>
    private const int MaxLeftovers = 256;

    private readonly Lock _gate = new();
    private long _deletedBefore;

    /// <summary>Completes when all that was asked for so far has been tried.</summary>
    public Task Idle { get; private set; } = Task.CompletedTask;

    /// <summary>All segments before this number are deleted; <paramref name="known"/> when that is all that is known.</summary>
    public long DeletedBefore(long known) => Math.Max(known, Interlocked.Read(ref _deletedBefore));

    /// <summary>Deletes what the head moved past.</summary>
    /// <param name="old">The head before.</param>
    /// <param name="head">The head now.</param>
    /// <param name="segments">The segments of the tail before.</param>
    public void DeleteBehind(JournalHead old, JournalHead head, IReadOnlyList<SegmentRow> segments)
    {
        var known = segments.ToDictionary(segment => segment.Number, segment => segment.ETag);
        var expelled = old.Claims.Except(head.Claims).Where(number => number < head.OldestSegment);
        var numbers = Range(head, int.MaxValue).Concat(expelled).ToArray();
        Enqueue(async () =>
        {
            await DeleteSegments(numbers, head.FirstSegment, known);
            await DeleteRows(old.Rows);
        });
    }

    /// <summary>Deletes what an owner before left behind.</summary>
    /// <param name="head">The head of the owner that opens.</param>
    /// <param name="previousEpoch">The owner before.</param>
    public void DeleteLeftovers(JournalHead head, long previousEpoch)
    {
        var numbers = Range(head, MaxLeftovers).ToArray();
        var complete = numbers.Length < MaxLeftovers ? head.FirstSegment : head.OldestSegment;

        // The owner before may have stopped between writing a snapshot's rows and pointing to them.
        var unfinished = new SnapshotRows(previousEpoch, head.Rows?.Epoch == previousEpoch ? head.Rows.Id + 1 : 1, MaxLeftovers, Length: 0);
        Enqueue(async () =>
        {
            await DeleteSegments(numbers, complete, []);
            await DeleteRows(head.Previous);
            await DeleteRows(unfinished);
        });
    }

    /// <summary>Deletes a snapshot that nothing will point to.</summary>
    public void DeleteSnapshot(SnapshotRows snapshot) => Enqueue(() => DeleteRows(snapshot));

    private static IEnumerable<long> Range(JournalHead head, int limit)
    {
        for (var number = head.OldestSegment; number < head.FirstSegment; number++)
        {
            if (limit-- == 0) yield break;
            if (!head.Claims.Contains(number)) yield return number;
        }
    }

    private async Task DeleteSegments(long[] numbers, long complete, Dictionary<long, string> etags)
    {
        var all = true;
        foreach (var number in numbers)
        {
            var name = JournalSegment.RowName(number);
            if ((etags.GetValueOrDefault(number) ?? await rows.Find(name)) is { } etag) all &= await rows.Delete(name, etag);
        }

        if (all) Interlocked.Exchange(ref _deletedBefore, Math.Max(complete, Interlocked.Read(ref _deletedBefore)));
    }

    /// <summary>
    /// Deletes a snapshot's rows from the last to the first, so that what remains after an interruption is found again from the first
    /// on.
    /// </summary>
    private async Task DeleteRows(SnapshotRows? snapshot)
    {
        var etags = new List<string>();
        while (etags.Count < snapshot?.Parts && await rows.Find(snapshot.RowName(etags.Count)) is { } etag) etags.Add(etag);
        for (var part = etags.Count - 1; part >= 0; part--)
        {
            if (!await rows.Delete(snapshot!.RowName(part), etags[part])) return;
        }
    }

    private void Enqueue(Func<Task> work)
    {
        lock (_gate) Idle = Continue(Idle, work);
    }

    private static async Task Continue(Task before, Func<Task> work)
    {
        await before;
        await work();
    }
}
