namespace OrleansScheduler.Silo;

/// <summary>Sizes and patience of a journal. The defaults are what the cell runs with.</summary>
internal sealed class JournalOptions
{
    /// <summary>Largest payload of a row in bytes; with its envelope a row stays below 256 KiB. Default 248 KiB.</summary>
    public int MaxRowBytes { get; set; } = 248 * 1024;

    /// <summary>
    /// How many bytes of entries the head row holds before the journal goes on in segment rows. Default 4 KiB: every further entry has the
    /// whole head written again, while a segment has only the entry.
    /// </summary>
    public int MaxInlineTailBytes { get; set; } = 4 * 1024;

    /// <summary>Largest snapshot in bytes that is kept in the head row itself, and written again with it. Default 4 KiB.</summary>
    public int MaxInlineSnapshotBytes { get; set; } = 4 * 1024;

    /// <summary>
    /// A snapshot is wanted once the entries since the last one have this many bytes, or as many as that snapshot. Default 32 KiB: the life
    /// of a job of a hundred tasks that end well needs none.
    /// </summary>
    public int SnapshotAfterBytes { get; set; } = 32 * 1024;

    /// <summary>A snapshot is wanted once the tail has this many segment rows (more behind large snapshots). Default 128.</summary>
    public int SnapshotAfterSegments { get; set; } = 128;

    /// <summary>How many bytes of entries may wait for the store; an append beyond is refused. Default 16 MiB.</summary>
    public int MaxWaitingBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How long one call of the store may take before its outcome counts as unknown. Default 5 s.</summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Pauses before each further try of a call that failed. Default 20 ms, 100 ms, 500 ms, 1 s.</summary>
    public ImmutableArray<TimeSpan> RetryDelays { get; set; } =
    [
        TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1),
    ];
}
