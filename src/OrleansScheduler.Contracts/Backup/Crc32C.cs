using System.Buffers.Binary;
using System.Numerics;

namespace OrleansScheduler.Contracts;

/// <summary>The checksum of journal rows and of records in a backup (Castagnoli's polynomial; one instruction for eight bytes).</summary>
public static class Crc32C
{
    /// <summary>The checksum of pieces, one after the other.</summary>
    public static uint Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default, ReadOnlySpan<byte> third = default) =>
        ~Add(Add(Add(~0u, first), second), third);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var single in bytes) crc = BitOperations.Crc32C(crc, single);
        return crc;
    }
}
