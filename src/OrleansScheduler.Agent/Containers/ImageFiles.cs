using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>The files of an image that lies in an archive or in a directory, by name.</summary>
internal sealed class ImageFiles : IDisposable
{
    private const int MostEntries = 100_000;
    private const int MostLinks = 8;
    private readonly string? _directory;
    private readonly SafeFileHandle? _archive;
    private readonly Dictionary<string, (long Offset, long Length, string? Link)> _entries = new(StringComparer.Ordinal);

    /// <exception cref="InvalidDataException">It is neither an archive nor a directory of images.</exception>
    public ImageFiles(string path)
    {
        if (Directory.Exists(path))
        {
            _directory = path;
            return;
        }

        // No lock is asked for: whoever still writes it, or starts a program while it does, must not fail a task. Digests tell.
        _archive = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Index();
        }
        catch
        {
            _archive.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file; null when there is none of that name.</summary>
    public Stream? Open(string name)
    {
        if (_directory is not null)
        {
            // Names come out of the image, so none may lead out of it.
            var path = Posix.RealPath(Path.Combine(_directory, name));
            var root = Posix.RealPath(_directory);
            return path is not null && path.StartsWith(root + "/", StringComparison.Ordinal) && File.Exists(path) ? File.OpenRead(path)
                : null;
        }

        for (var hops = 0; hops < MostLinks && _entries.TryGetValue(name, out var entry); hops++)
        {
            if (entry.Link is null) return new FilePart(_archive!, entry.Offset, entry.Length);
            name = entry.Link;
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _archive?.Dispose();

    private void Index()
    {
        Span<byte> start = stackalloc byte[2];
        if (RandomAccess.Read(_archive!, start, 0) == 2 && start.SequenceEqual((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            throw new InvalidDataException("the archive is compressed as a whole; unpack it with gunzip");
        using var stream = new FileStream(new SafeFileHandle(_archive!.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, 4096);
        using var tar = new TarReader(stream, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            if (_entries.Count >= MostEntries) throw new InvalidDataException($"the archive has more than {MostEntries} entries");
            var name = Plain(entry.Name);
            if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
                _entries[name] = (entry.DataOffset, entry.Length, null);
            else if (entry.EntryType == TarEntryType.SymbolicLink)
                _entries[name] = (0, 0, Plain(Path.Combine("/", Path.GetDirectoryName(name) ?? "", entry.LinkName)));
            else if (entry.EntryType == TarEntryType.HardLink)
                _entries[name] = (0, 0, Plain(entry.LinkName));
        }
    }

    private static string Plain(string name) => Path.GetFullPath(Path.Combine("/", name)).TrimStart('/');
}
