using System.Buffers.Binary;

namespace OrleansScheduler.Silo;

/// <summary>
/// The payload of a segment row: a part of a group of frames that counts as a whole or not at all. A group of no parts is a claim: it
/// carries no entries and takes its number away from whoever owned the journal before.
/// </summary>
/// <param name="First">Number of the group's first entry.</param>
/// <param name="Part">Which part, from 0.</param>
/// <param name="Parts">How many parts the group has; 0 for a claim.</param>
/// <param name="Bytes">This part of the group's frames.</param>
internal readonly record struct JournalSegment(long First, int Part, int Parts, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Bytes before the frames.</summary>
    public const int HeaderBytes = 16;

    /// <summary>Whether it carries no entries.</summary>
    public bool IsClaim => Parts == 0;

    /// <summary>The name of a segment row.</summary>
    public static string RowName(long number) => $"segment-{number:D6}";

    /// <summary>The row's payload.</summary>
    public byte[] Encode()
    {
        var payload = new byte[HeaderBytes + Bytes.Length];
        BinaryPrimitives.WriteInt64LittleEndian(payload, First);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(8), Part);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(12), Parts);
        Bytes.Span.CopyTo(payload.AsSpan(HeaderBytes));
        return payload;
    }

    /// <summary>Reads a row's payload; null when it is not one.</summary>
    public static JournalSegment? Decode(byte[] payload) => payload.Length < HeaderBytes
        ? null
        : new(
            BinaryPrimitives.ReadInt64LittleEndian(payload),
            BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(8)),
            BinaryPrimitives.ReadInt32LittleEndian(payload.AsSpan(12)),
            payload.AsMemory(HeaderBytes));
}
