using System.Formats.Tar;
using System.IO.Compression;
using SharpCompress.Common;
using ZstdStream = SharpCompress.Compressors.ZStandard.DecompressionStream;

namespace OrleansScheduler.Agent;

/// <summary>
/// Unpacks the layers of an image one over the other. Whatever an archive says, nothing is written, removed or linked to outside the root:
/// links on the way are followed as a process in the container would follow them. Devices and pipes are left out; containers get their own.
/// </summary>
internal sealed class LayerUnpacker
{
    private const string Whiteout = ".wh.";
    private const string OpaqueWhiteout = ".wh..wh..opq";
    private const int MostEntries = 2_000_000;
    private const int MostLinks = 40;
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _root;
    private readonly bool _givesAway = Posix.EffectiveUser() == 0;
    private readonly byte[] _buffer = new byte[128 * 1024];
    private long _bytesLeft;
    private int _entriesLeft = MostEntries;

    /// <param name="root">An empty directory that nobody else can reach.</param>
    /// <param name="mostBytes">Most bytes that all layers may have unpacked.</param>
    public LayerUnpacker(string root, long mostBytes) => (_root, _bytesLeft) = (root, mostBytes);

    /// <summary>Unpacks the next layer.</summary>
    /// <exception cref="InvalidDataException">It is damaged, too large, or says what no layer may say.</exception>
    public void Unpack(ImageArchive image, ImageLayer layer, CancellationToken cancellationToken)
    {
        using var raw = new DigestStream(image.Open(layer));
        try
        {
            Unpack(raw, layer, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or EndOfStreamException or ArgumentException
            or SharpCompressException or IndexOutOfRangeException)
        {
            // Whatever a damaged layer stumbles over first: that it is damaged explains it.
            if (layer.Digest is { } expected) raw.Finish(expected);
            if (e is SharpCompressException or IndexOutOfRangeException)
                throw new InvalidDataException($"a layer cannot be unpacked: {e.Message}", e);
            throw;
        }

        if (layer.Digest is { } digest) raw.Finish(digest);
    }

    private void Unpack(DigestStream raw, ImageLayer layer, CancellationToken cancellationToken)
    {
        using var unpacked = new DigestStream(Decompress(raw));
        using (var tar = new TarReader(unpacked, leaveOpen: true))
        {
            var own = new HashSet<string>(StringComparer.Ordinal);
            while (tar.GetNextEntry() is { } entry)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_entriesLeft-- <= 0) throw new InvalidDataException($"the image has more than {MostEntries} files");
                Take(entry, own);
            }
        }

        unpacked.Finish(layer.Unpacked);
    }

    private static Stream Decompress(DigestStream raw)
    {
        Span<byte> start = stackalloc byte[4];
        var length = raw.ReadAtLeast(start, 4, throwOnEndOfStream: false);
        var whole = new PrefixedStream(start[..length].ToArray(), raw);
        return start switch
        {
            [0x1f, 0x8b, ..] => new GZipStream(whole, CompressionMode.Decompress),
            [0x28, 0xb5, 0x2f, 0xfd] => new ZstdStream(whole, 0, true, true),
            _ => whole,
        };
    }

    private void Take(TarEntry entry, HashSet<string> own)
    {
        if (entry.EntryType is TarEntryType.GlobalExtendedAttributes) return;
        var parts = Parts(entry.Name);
        if (parts.Length == 0)
        {
            Give(_root, entry);
            return;
        }

        var name = parts[^1];
        if (name.StartsWith(Whiteout, StringComparison.Ordinal))
        {
            Remove(parts[..^1], name, own);
            return;
        }

        var path = Path.Combine(Resolve(parts.AsSpan(..^1)), name);
        own.Add(path);
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (!IsDirectory(path))
                {
                    Delete(path);
                    Directory.CreateDirectory(path);
                }

                Give(path, entry);
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                Delete(path);
                Write(path, entry);
                Give(path, entry);
                break;
            case TarEntryType.SymbolicLink:
                Delete(path);
                File.CreateSymbolicLink(path, entry.LinkName);
                if (_givesAway) Posix.ChangeOwner(path, (uint)entry.Uid, (uint)entry.Gid);
                break;
            case TarEntryType.HardLink:
                var target = Parts(entry.LinkName);
                var existing = target.Length == 0 ? _root : Path.Combine(Resolve(target.AsSpan(..^1)), target[^1]);
                if (existing == path) break;
                if (IsDirectory(existing) || !Exists(existing))
                    throw new InvalidDataException($"'{entry.Name}' is a link to '{entry.LinkName}', which is no file of the image");
                Delete(path);
                if (Posix.Link(existing, path) != 0) throw new IOException($"'{entry.Name}' cannot be linked");
                break;
        }
    }

    private void Write(string path, TarEntry entry)
    {
        // Asked first: an archive that only claims to be large must not fill the disk.
        if (entry.Length > _bytesLeft) throw new InvalidDataException("the image is larger than Agent:Container:MaxImageSize allows");
        _bytesLeft -= entry.Length;
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        if (entry.DataStream is not { } data) return;
        int read;
        while ((read = data.Read(_buffer)) > 0) file.Write(_buffer, 0, read);
    }

    private void Give(string path, TarEntry entry)
    {
        // The owner first: changing it takes the set-user bits away.
        if (_givesAway) Posix.ChangeOwner(path, (uint)entry.Uid, (uint)entry.Gid);
        Posix.ChangeMode(path, entry.Mode);
        if (entry.EntryType != TarEntryType.Directory) File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
    }

    /// <summary>What lower layers have is taken away; what this one has brought stays, whatever the order.</summary>
    private void Remove(string[] parent, string name, HashSet<string> own)
    {
        var directory = Resolve(parent);
        if (name == OpaqueWhiteout)
        {
            foreach (var path in Directory.EnumerateFileSystemEntries(directory).ToList()) Forget(path);
        }
        else if (!name.StartsWith(Whiteout + Whiteout, StringComparison.Ordinal))
        {
            var hidden = name[Whiteout.Length..];
            if (hidden is "" or "." or "..") throw new InvalidDataException($"'{name}' removes nothing that can be named");
            Forget(Path.Combine(directory, hidden));
        }

        void Forget(string path)
        {
            if (!own.Contains(path)) Delete(path);
            else if (IsDirectory(path))
                foreach (var inner in Directory.EnumerateFileSystemEntries(path).ToList()) Forget(inner);
        }
    }

    private static string[] Parts(string name)
    {
        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        if (parts.Contains("..") || name.Contains('\0', StringComparison.Ordinal))
            throw new InvalidDataException($"'{FieldNameFor(name)}' leads out of the image");
        return parts;
    }

    private static string FieldNameFor(string name) => name.Length <= 100 ? name : name[..100];

    /// <summary>The directory of that name as a process in the container sees it; made when it is not there.</summary>
    private string Resolve(ReadOnlySpan<string> parts)
    {
        var left = new Stack<string>();
        for (var i = parts.Length - 1; i >= 0; i--) left.Push(parts[i]);
        var found = new List<string>();
        var links = 0;
        while (left.TryPop(out var part))
        {
            if (part is "" or ".") continue;
            if (part == "..")
            {
                if (found.Count > 0) found.RemoveAt(found.Count - 1);
                continue;
            }

            var path = Path.Combine([_root, .. found, part]);
            if (new FileInfo(path).LinkTarget is { } target)
            {
                if (++links > MostLinks) throw new InvalidDataException($"'{part}' is behind too many links");
                if (target.StartsWith('/')) found.Clear();
                foreach (var step in target.Split('/').Reverse()) left.Push(step);
                continue;
            }

            if (File.Exists(path)) throw new InvalidDataException($"'{part}' is a file and a directory at once");
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path);
                Posix.ChangeMode(path, DirectoryMode);
            }

            found.Add(part);
        }

        return Path.Combine([_root, .. found]);
    }

    private static bool IsDirectory(string path) => Directory.Exists(path) && new FileInfo(path).LinkTarget is null;

    private static bool Exists(string path) => File.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private static void Delete(string path)
    {
        if (IsDirectory(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);
    }

    /// <summary>Bytes that were read ahead, and then the rest.</summary>
    private sealed class PrefixedStream(byte[] prefix, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_at >= prefix.Length) return rest.Read(buffer);
            var count = Math.Min(buffer.Length, prefix.Length - _at);
            prefix.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
