using System.Buffers.Binary;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>
/// A file that only grows until it is written anew, of entries that are whole or not there: what was made durable survives a loss of power
/// at any byte, and what was not is cut off where it breaks.
/// </summary>
/// <remarks>
/// An entry is its length, a CRC-32C over the rest, how much of the file was durable when it was written (each little-endian, 4, 4 and 8
/// bytes), and its bytes. The disk may keep any part of what was not yet durable, a later entry without an earlier one too. So an entry
/// that cannot be read is the torn end, unless one behind it says that this part was durable: then the file is damaged, and nobody
/// goes on with it.
/// </remarks>
internal sealed class WriteAheadFile : IDisposable
{
    /// <summary>Largest entry, in bytes.</summary>
    public const int MaxEntry = 16 * 1024 * 1024;

    private const int Header = 16;
    private readonly string _path;
    private readonly byte[] _identity;
    private FileStream? _file;
    private long _durable;

    /// <summary>Opens the file of an owner, or begins one.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="identity">Whose it is: a line that is its first entry.</param>
    /// <exception cref="AgentStartException">It is another's, or damaged.</exception>
    public WriteAheadFile(string path, string identity)
    {
        (_path, _identity) = (path, Encoding.UTF8.GetBytes(identity));
        var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
        var entries = new List<ReadOnlyMemory<byte>>();
        Length = Read(bytes, entries);
        if (FindDurableBehind(bytes, Length) is { } damage)
        {
            throw new AgentStartException(
                $"{path} is damaged at byte {Length}: what stands there was durable when byte {damage} was written. "
                + "Its tasks can no longer be told from strangers. Move the agent's state directory away to begin with an empty one.");
        }

        if (entries is [var owner, ..] && !owner.Span.SequenceEqual(_identity))
        {
            throw new AgentStartException($"{path} belongs to '{Encoding.UTF8.GetString(owner.Span)}', not to '{identity}'. "
                + "Give each agent a state directory of its own (Agent:StateDirectory), or set its name back (Agent:NodeId).");
        }

        Entries = entries is [] ? [] : [.. entries[1..]];
        if (entries is []) Rewrite([]);
        else Open(FileMode.Open);
    }

    /// <summary>What was there when it was opened.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Entries { get; private set; }

    /// <summary>How long it is, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>How often the disk was waited for.</summary>
    public long Syncs { get; private set; }

    /// <summary>Lets go of what was there when it was opened.</summary>
    public void Forget() => Entries = [];

    /// <summary>Adds entries.</summary>
    /// <param name="entries">Their bytes.</param>
    /// <param name="durable">Whether they, and all before, are durable when this returns.</param>
    /// <exception cref="IOException">The disk does not take them: none of them counts.</exception>
    public void Append(IReadOnlyCollection<byte[]> entries, bool durable)
    {
        if (_file is null) Open(FileMode.Open);
        try
        {
            var frames = Frame(entries);
            _file!.Write(frames);
            if (durable)
            {
                _file.Flush(flushToDisk: true);
                Syncs++;
            }

            Length += frames.Length;
            if (durable) _durable = Length;
        }
        catch (IOException)
        {
            // Half an entry may be there: it is cut off before the next one.
            _file!.Dispose();
            _file = null;
            throw;
        }
    }

    /// <summary>Replaces all entries, durably. The old file stays until the new one is whole.</summary>
    public void Rewrite(IReadOnlyCollection<byte[]> entries)
    {
        var temporary = _path + ".new";
        _durable = 0;
        var frames = Frame([_identity, .. entries]);
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(frames);
            file.Flush(flushToDisk: true);
        }

        _file?.Dispose();
        _file = null;
        File.Move(temporary, _path, overwrite: true);
        Posix.SyncDirectory(Path.GetDirectoryName(_path)!);
        Syncs++;
        Length = frames.Length;
        Open(FileMode.Open);
    }

    /// <summary>Reads as many whole entries as there are.</summary>
    /// <param name="bytes">A file, or what follows an entry of it.</param>
    /// <param name="entries">Receives their bytes.</param>
    /// <returns>How many bytes they take.</returns>
    public static long Read(byte[] bytes, List<ReadOnlyMemory<byte>> entries)
    {
        var at = 0;
        while (LengthAt(bytes, at) is { } length)
        {
            entries.Add(bytes.AsMemory(at + Header, length));
            at += Header + length;
        }

        return at;
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Open(FileMode mode)
    {
        _file = new(_path, mode, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _file.SetLength(Length);
        _file.Seek(Length, SeekOrigin.Begin);

        // What is there now may be what somebody reads next: it must not be lost with the power after he acted on it.
        _file.Flush(flushToDisk: true);
        _durable = Length;
    }

    private byte[] Frame(IReadOnlyCollection<byte[]> entries)
    {
        var frames = new byte[entries.Sum(entry => Header + entry.Length)];
        var at = 0;
        foreach (var entry in entries)
        {
            var frame = frames.AsSpan(at, Header + entry.Length);
            BinaryPrimitives.WriteInt32LittleEndian(frame, entry.Length);
            BinaryPrimitives.WriteInt64LittleEndian(frame[8..], _durable);
            entry.CopyTo(frame[Header..]);
            BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Crc32C.Of(frame[8..]));
            at += frame.Length;
        }

        return frames;
    }

    /// <summary>The place of a whole entry behind one that is not, which says that the broken one was durable; null when there is
    /// none.</summary>
    private static long? FindDurableBehind(byte[] bytes, long broken)
    {
        for (var at = (int)broken + 1; at + Header <= bytes.Length; at++)
        {
            if (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at + 8)) > broken && LengthAt(bytes, at) is not null) return at;
        }

        return null;
    }

    private static int? LengthAt(byte[] bytes, int at)
    {
        if (at + Header > bytes.Length) return null;
        var frame = bytes.AsSpan(at);
        var length = BinaryPrimitives.ReadInt32LittleEndian(frame);
        if (length is <= 0 or > MaxEntry || length > frame.Length - Header) return null;
        return BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) == Crc32C.Of(frame.Slice(8, 8 + length)) ? length : null;
    }
}
