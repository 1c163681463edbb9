namespace OrleansScheduler.Silo;

/// <summary>The one row of a journal that is rewritten: who owns the journal and where everything else is.</summary>
[GenerateSerializer, Immutable, Alias("osched.JournalHead")]
internal sealed record JournalHead
{
    /// <summary>The head's row name.</summary>
    public const string RowName = "head";

    /// <summary>The owner: every activation that opens the journal raises it.</summary>
    [Id(0)] public long Epoch { get; init; }

    /// <summary>The last entry that the snapshot contains; 0 without one.</summary>
    [Id(1)] public long Through { get; init; }

    /// <summary>The snapshot while it is small.</summary>
    [Id(2)] public byte[]? Snapshot { get; init; }

    /// <summary>Where the snapshot is when it is not small.</summary>
    [Id(3)] public SnapshotRows? Rows { get; init; }

    /// <summary>Number of the first entry in <see cref="Tail"/>.</summary>
    [Id(4)] public long TailFirst { get; init; } = 1;

    /// <summary>The entries that follow, as frames.</summary>
    [Id(5)] public byte[] Tail { get; init; } = [];

    /// <summary>Whether further entries are in segment rows; else they are appended to <see cref="Tail"/>.</summary>
    [Id(6)] public bool Segmented { get; init; }

    /// <summary>The first segment row of the tail, or the number that the next one will get.</summary>
    [Id(7)] public long FirstSegment { get; init; } = 1;

    /// <summary>Segment rows from here up to <see cref="FirstSegment"/> are garbage that may still have to be deleted.</summary>
    [Id(8)] public long OldestSegment { get; init; } = 1;

    /// <summary>Segment rows that are never deleted while they stand here: see <see cref="JournalLog"/>.</summary>
    [Id(9)] public ImmutableArray<long> Claims { get; init; } = [];

    /// <summary>Rows of the snapshot before this one, which may still have to be deleted.</summary>
    [Id(10)] public SnapshotRows? Previous { get; init; }
}

/// <summary>A snapshot spread over rows.</summary>
/// <param name="Epoch">Who wrote it.</param>
/// <param name="Id">Its number among that owner's snapshots, from 1.</param>
/// <param name="Parts">How many rows it has.</param>
/// <param name="Length">Its bytes.</param>
[GenerateSerializer, Immutable, Alias("osched.SnapshotRows")]
internal sealed record SnapshotRows(
    [property: Id(0)] long Epoch, [property: Id(1)] long Id, [property: Id(2)] int Parts, [property: Id(3)] int Length)
{
    /// <summary>The name of one of its rows.</summary>
    public string RowName(int part) => $"snapshot-{Epoch:D6}-{Id:D6}-{part:D4}";
}
