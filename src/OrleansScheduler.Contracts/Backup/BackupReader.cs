using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansScheduler.Contracts;

/// <summary>Reads a backup and checks every byte of it. Holds one record at a time.</summary>
public sealed class BackupReader(Stream stream) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _record;
    private long _position;

    /// <summary>What the backup ends with; null until all of it was read.</summary>
    public BackupFooter? Footer { get; private set; }

    /// <summary>Reads what comes first.</summary>
    /// <exception cref="BackupException">The file is no backup, is damaged, or a newer version made it.</exception>
    public async Task<BackupHeader> Begin(CancellationToken cancellationToken)
    {
        var magic = new byte[BackupFormat.Magic.Length];
        var read = await stream.ReadAtLeastAsync(magic, magic.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < magic.Length || !magic.AsSpan().SequenceEqual(BackupFormat.Magic)) throw new BackupException("The file is no backup.");
        Count(magic);
        if (await ReadRecord(cancellationToken) is not (BackupFormat.HeaderKind, { } payload, { } all)) throw Damaged("it is no header");
        Count(all);
        var header = Parse(payload, BackupJson.Default.BackupHeader);
        return header.Format <= BackupFormat.Version
            ? header
            : throw new BackupException(
                $"A newer version made the backup (format {header.Format} of {header.Product}; this build reads up to "
                    + $"{BackupFormat.Version}).");
    }

    /// <summary>All parts in their order; checks the footer behind them.</summary>
    /// <exception cref="BackupException">A record is damaged; the message names it.</exception>
    public async IAsyncEnumerable<BackupPart> ReadParts([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long parts = 0;
        while (true)
        {
            _record++;
            var (kind, payload, all) = await ReadRecord(cancellationToken);
            if (kind == BackupFormat.FooterKind)
            {
                await End(Parse(payload, BackupJson.Default.BackupFooter), parts, cancellationToken);
                yield break;
            }

            if (kind != BackupFormat.PartKind) throw Damaged($"kind {kind} is not known");
            Count(all);
            parts++;
            yield return ReadPart(payload);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private async Task End(BackupFooter footer, long parts, CancellationToken cancellationToken)
    {
        if (footer.Records != parts) throw Damaged($"it counts {footer.Records} records, and there are {parts}");
        if (footer.Sha256 != Convert.ToHexStringLower(_hash.GetHashAndReset())) throw Damaged("the hash of the whole does not fit");
        if (await stream.ReadAsync(new byte[1], cancellationToken) > 0) throw Damaged("something follows it");
        Footer = footer;
    }

    private async Task<(byte Kind, byte[] Payload, byte[] All)> ReadRecord(CancellationToken cancellationToken)
    {
        var start = await Read(5, cancellationToken);
        var length = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(1));
        if (length is < 0 or > BackupFormat.MaxPayloadBytes) throw Damaged($"a length of {length} bytes cannot be");
        var rest = await Read(length + 4, cancellationToken);
        if (BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(length)) != Crc32C.Of(start, rest.AsSpan(0, length)))
            throw Damaged("its checksum does not fit");
        return (start[0], rest[..length], [.. start, .. rest]);
    }

    private async Task<byte[]> Read(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        var read = await stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancellationToken);
        return read == count ? bytes : throw Damaged("the file ends within it: the backup is not complete");
    }

    private BackupPart ReadPart(byte[] payload)
    {
        var nameLength = payload.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(payload);
        var at = 2 + nameLength;
        if (payload.Length < at + 24 || !GrainId.TryParse(Encoding.UTF8.GetString(payload, 2, nameLength), out var owner))
            throw Damaged("it names no owner");
        var fields = payload.AsSpan(at, 24);
        return new(owner, new(
            BinaryPrimitives.ReadInt64LittleEndian(fields), BinaryPrimitives.ReadInt64LittleEndian(fields[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(fields[16..]), BinaryPrimitives.ReadInt32LittleEndian(fields[20..]),
            payload[(at + 24)..]));
    }

    private T Parse<T>(byte[] payload, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(payload, type) ?? throw Damaged("it is empty");
        }
        catch (JsonException exception)
        {
            throw new BackupException(Damaged("its words cannot be read").Message, exception);
        }
    }

    private void Count(byte[] bytes)
    {
        _hash.AppendData(bytes);
        _position += bytes.Length;
    }

    private BackupException Damaged(string reason) => new($"Record {_record} of the backup, at byte {_position}, is damaged: {reason}.");
}
