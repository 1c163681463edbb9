namespace OrleansScheduler.Silo;

/// <summary>Something that waits to be written to a journal.</summary>
internal abstract class JournalWrite
{
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How many bytes of entries wait with it.</summary>
    public abstract int Size { get; }

    /// <summary>Completes when it is durable, with the number of the last entry.</summary>
    public Task<long> Done => _done.Task;

    /// <summary>It is durable.</summary>
    public void Complete(long last) => _done.TrySetResult(last);

    /// <summary>It is not, or nobody knows.</summary>
    public void Fail(Exception exception) => _done.TrySetException(exception);

    /// <summary>Entries of one append.</summary>
    /// <param name="count">How many.</param>
    /// <param name="bytes">The entries.</param>
    public sealed class Entries(int count, byte[] bytes) : JournalWrite
    {
        /// <summary>How many entries.</summary>
        public int Count => count;

        /// <summary>The entries.</summary>
        public byte[] Bytes => bytes;

        /// <inheritdoc/>
        public override int Size => new JournalFrame(1, count, bytes).Size;
    }

    /// <summary>A look at all rows, between two writes.</summary>
    public sealed class Check : JournalWrite
    {
        /// <summary>What was found; there once <see cref="JournalWrite.Done"/>.</summary>
        public StateCheck? Found { get; set; }

        /// <inheritdoc/>
        public override int Size => 0;
    }

    /// <summary>A snapshot, its rows already written.</summary>
    /// <param name="bytes">The snapshot.</param>
    /// <param name="target">Its rows; null to keep it in the head.</param>
    /// <param name="through">The last entry that it contains.</param>
    public sealed class Snapshot(byte[] bytes, SnapshotRows? target, long through) : JournalWrite
    {
        /// <summary>The snapshot.</summary>
        public byte[] Bytes => bytes;

        /// <summary>Its rows; null to keep it in the head.</summary>
        public SnapshotRows? Target => target;

        /// <summary>The last entry that it contains.</summary>
        public long Through => through;

        /// <inheritdoc/>
        public override int Size => 0;
    }
}
