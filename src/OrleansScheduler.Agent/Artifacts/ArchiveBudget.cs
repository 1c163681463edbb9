namespace OrleansScheduler.Agent;

/// <summary>What one archive may become.</summary>
/// <param name="Bytes">Most bytes.</param>
/// <param name="Entries">Most files, directories and links.</param>
/// <param name="Expansion">Most times its own size, once it is beyond <see cref="ArchiveBudget.AnyExpansion"/>.</param>
internal sealed record ArchiveLimits(long Bytes, int Entries, int Expansion);

/// <summary>Stops an archive that becomes more than it may, while it does.</summary>
internal sealed class ArchiveBudget(ArchiveLimits limits, long archiveLength)
{
    /// <summary>Up to here an archive may be as dense as it likes.</summary>
    public const long AnyExpansion = 64 * 1024 * 1024;

    private long _read;
    private long _written;
    private int _entries;

    /// <summary>Counts what came out of the archive's compression, whether it is written or passed over.</summary>
    public void Read(long bytes) => _read = Check(_read + bytes);

    /// <summary>Counts what goes into files.</summary>
    public void Write(long bytes) => _written = Check(_written + bytes);

    /// <summary>Counts a file, directory or link.</summary>
    public void Entry()
    {
        if (++_entries > limits.Entries) throw ArtifactFailure.Bomb($"The archive has more than {limits.Entries} entries.");
    }

    private long Check(long total)
    {
        if (total > limits.Bytes) throw ArtifactFailure.Bomb($"The archive is more than {limits.Bytes} bytes when it is unpacked.");
        if (total > AnyExpansion && total / limits.Expansion > archiveLength)
            throw ArtifactFailure.Bomb($"The archive becomes more than {limits.Expansion} times as large when it is unpacked.");
        return total;
    }
}
