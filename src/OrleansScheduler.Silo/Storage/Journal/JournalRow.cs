using System.Buffers.Binary;
using System.Text;

namespace OrleansScheduler.Silo;

/// <summary>One row of a journal as the store keeps it: bytes, who wrote them, and a checksum over all of it.</summary>
[GenerateSerializer, Immutable, Alias("osched.JournalRow")]
internal sealed record JournalRow
{
    /// <summary>The format that this build reads and writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Format of row and payload.</summary>
    [Id(0)] public int Format { get; init; }

    /// <summary>The owner that wrote it.</summary>
    [Id(1)] public long Epoch { get; init; }

    /// <summary>Names this very write, so that a writer that got no answer finds out whether the row is its own.</summary>
    [Id(2)] public Guid Nonce { get; init; }

    /// <summary>CRC-32C over name, format, epoch, nonce and payload.</summary>
    [Id(3)] public uint Checksum { get; init; }

    /// <summary>What the row is about.</summary>
    [Id(4)] public byte[] Payload { get; init; } = [];

    /// <summary>A row with its checksum.</summary>
    public static JournalRow Seal(string name, long epoch, byte[] payload)
    {
        var row = new JournalRow { Format = CurrentFormat, Epoch = epoch, Nonce = Guid.NewGuid(), Payload = payload };
        return row with { Checksum = row.ChecksumFor(name) };
    }

    /// <summary>What is wrong with the row; null when nothing is.</summary>
    public string? Damage(string name)
    {
        if (Payload is null || Checksum != ChecksumFor(name)) return "its checksum does not fit";
        return Format > CurrentFormat ? $"a newer version wrote it (format {Format}, this build reads up to {CurrentFormat})" : null;
    }

    /// <summary>The checksum that the row must have under that name.</summary>
    public uint ChecksumFor(string name)
    {
        Span<byte> identity = stackalloc byte[28];
        BinaryPrimitives.WriteInt32LittleEndian(identity, Format);
        BinaryPrimitives.WriteInt64LittleEndian(identity[4..], Epoch);
        Nonce.TryWriteBytes(identity[12..]);
        return Crc32C.Of(Encoding.UTF8.GetBytes(name), identity, Payload);
    }
}
