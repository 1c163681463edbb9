using System.Buffers.Binary;

namespace OrleansScheduler.Silo;

/// <summary>What one append wrote: some entries, serialised together.</summary>
/// <param name="First">Number of the first entry.</param>
/// <param name="Count">How many entries.</param>
/// <param name="Bytes">The entries.</param>
internal readonly record struct JournalFrame(long First, int Count, ReadOnlyMemory<byte> Bytes)
{
    private const int HeaderBytes = 8;

    /// <summary>Number of the last entry.</summary>
    public long Last => First + Count - 1;

    /// <summary>How many bytes it takes in a row.</summary>
    public int Size => HeaderBytes + Bytes.Length;

    /// <summary>Lays frames out one after the other.</summary>
    public static byte[] Encode(IReadOnlyCollection<JournalFrame> frames)
    {
        var bytes = new byte[frames.Sum(frame => frame.Size)];
        var rest = bytes.AsSpan();
        foreach (var frame in frames)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, frame.Count);
            BinaryPrimitives.WriteInt32LittleEndian(rest[4..], frame.Bytes.Length);
            frame.Bytes.Span.CopyTo(rest[HeaderBytes..]);
            rest = rest[frame.Size..];
        }

        return bytes;
    }

    /// <summary>Reads frames back; null when the bytes are not frames.</summary>
    /// <param name="bytes">What <see cref="Encode"/> made.</param>
    /// <param name="first">Number of the first entry.</param>
    public static List<JournalFrame>? Decode(ReadOnlyMemory<byte> bytes, long first)
    {
        var frames = new List<JournalFrame>();
        while (bytes.Length > 0)
        {
            if (bytes.Length < HeaderBytes) return null;
            var count = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span);
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[4..]);
            if (count <= 0 || length < 0 || length > bytes.Length - HeaderBytes) return null;
            var frame = new JournalFrame(first, count, bytes.Slice(HeaderBytes, length));
            frames.Add(frame);
            first += count;
            bytes = bytes[frame.Size..];
        }

        return frames;
    }
}
