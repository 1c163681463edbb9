using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OrleansScheduler.Contracts;

/// <summary>Writes a backup, one part after the other.</summary>
public sealed class BackupWriter(Stream stream) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _records;
    private long _owners;

    /// <summary>Writes what comes first.</summary>
    public async Task Begin(BackupHeader header, CancellationToken cancellationToken)
    {
        await Write(BackupFormat.Magic.ToArray(), cancellationToken);
        await WriteRecord(
            BackupFormat.HeaderKind, JsonSerializer.SerializeToUtf8Bytes(header, BackupJson.Default.BackupHeader), cancellationToken);
    }

    /// <summary>Writes a part of an owner's state; the next one begins where it ends.</summary>
    public async Task Add(GrainId owner, StatePart part, CancellationToken cancellationToken)
    {
        var name = Encoding.UTF8.GetBytes(owner.ToString());
        var payload = new byte[2 + name.Length + 24 + part.Bytes.Length];
        var rest = payload.AsSpan();
        BinaryPrimitives.WriteUInt16LittleEndian(rest, checked((ushort)name.Length));
        name.CopyTo(rest[2..]);
        rest = rest[(2 + name.Length)..];
        BinaryPrimitives.WriteInt64LittleEndian(rest, part.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(rest[8..], part.Number);
        BinaryPrimitives.WriteInt32LittleEndian(rest[16..], part.Length);
        BinaryPrimitives.WriteInt32LittleEndian(rest[20..], part.Offset);
        part.Bytes.CopyTo(rest[24..]);
        await WriteRecord(BackupFormat.PartKind, payload, cancellationToken);
        _records++;
        if (part.Offset + part.Bytes.Length == part.Length) _owners++;
    }

    /// <summary>Writes what comes last: now the backup is complete.</summary>
    public async Task<BackupFooter> End(CancellationToken cancellationToken)
    {
        var footer = new BackupFooter { Records = _records, Owners = _owners, Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset()) };
        await WriteRecord(
            BackupFormat.FooterKind, JsonSerializer.SerializeToUtf8Bytes(footer, BackupJson.Default.BackupFooter), cancellationToken);
        return footer;
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private Task WriteRecord(byte kind, byte[] payload, CancellationToken cancellationToken)
    {
        var record = new byte[5 + payload.Length + 4];
        record[0] = kind;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(1), payload.Length);
        payload.CopyTo(record.AsSpan(5));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(5 + payload.Length), Crc32C.Of(record.AsSpan(0, 5 + payload.Length)));
        return Write(record, cancellationToken);
    }

    private async Task Write(byte[] bytes, CancellationToken cancellationToken)
    {
        _hash.AppendData(bytes);
        await stream.WriteAsync(bytes, cancellationToken);
    }
}
