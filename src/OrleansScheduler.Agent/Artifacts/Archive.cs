using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using SharpCompress.Common;
using SharpCompress.Compressors.Xz;
using ZstdStream = SharpCompress.Compressors.ZStandard.DecompressionStream;

namespace OrleansScheduler.Agent;

/// <summary>Unpacks archives that nobody vouches for. What kind one is shows in its first bytes, not in its name.</summary>
internal static class Archive
{
    private const int FormatBits = 0xF000;
    private const int LinkBits = 0xA000;
    private const int RegularBits = 0x8000;
    private const int DirectoryBits = 0x4000;
    private const int LongestLink = 4096;
    private const UnixFileMode UsualFile = (UnixFileMode)0x1A4;
    private const UnixFileMode UsualDirectory = (UnixFileMode)0x1ED;

    /// <summary>Unpacks an archive into a directory of a sandbox.</summary>
    /// <exception cref="TaskStartException">It is none, or would do harm. What was unpacked before stays.</exception>
    public static void Extract(
        FileStream archive, string sandbox, string directory, ArchiveLimits limits, CancellationToken cancellationToken)
    {
        var budget = new ArchiveBudget(limits, archive.Length);
        var tree = new SandboxTree(sandbox, directory, budget, cancellationToken);
        try
        {
            if (!ExtractInto(archive, tree, budget, cancellationToken)) throw ArtifactFailure.BadArchive("The archive is empty.");
            tree.Close();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or SharpCompressException
            or NotSupportedException or IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            // Readers of such formats say in many ways that they cannot go on.
            throw ArtifactFailure.BadArchive($"It is no archive that can be read (tar, tar.gz, tar.xz, tar.zst, zip): {e.Message}");
        }
        catch (OutOfMemoryException)
        {
            throw ArtifactFailure.Bomb("Unpacking the archive takes more memory than there is.");
        }
    }

    private static bool ExtractInto(FileStream archive, SandboxTree tree, ArchiveBudget budget, CancellationToken cancellationToken)
    {
        Span<byte> start = stackalloc byte[6];
        var length = archive.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        archive.Position = 0;
        switch (start[..length])
        {
            case [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..]:
                return ExtractZip(archive, tree, budget, cancellationToken);
            case [0x1F, 0x8B, ..]:
                using (var gzip = new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true))
                    return ExtractTar(gzip, tree, budget, cancellationToken);
            case [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]:
                using (var xz = new XZStream(archive))
                    return ExtractTar(xz, tree, budget, cancellationToken);
            case [0x28, 0xB5, 0x2F, 0xFD, ..]:
                using (var zstd = new ZstdStream(archive, 0, true, true))
                    return ExtractTar(zstd, tree, budget, cancellationToken);
            default:
                return ExtractTar(archive, tree, budget, cancellationToken);
        }
    }

    private static bool ExtractTar(Stream plain, SandboxTree tree, ArchiveBudget budget, CancellationToken cancellationToken)
    {
        using var counted = new TarGuard(plain, budget, cancellationToken);
        using var tar = new TarReader(counted, leaveOpen: true);
        var any = false;
        while (tar.GetNextEntry() is { } entry)
        {
            any = true;
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    tree.WriteFile(entry.Name, entry.DataStream ?? Stream.Null, entry.Mode);
                    break;
                case TarEntryType.Directory:
                    tree.MakeDirectory(entry.Name, entry.Mode);
                    break;
                case TarEntryType.SymbolicLink:
                    tree.Link(entry.Name, entry.LinkName);
                    break;
                case TarEntryType.HardLink:
                    tree.Copy(entry.Name, entry.LinkName);
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw ArtifactFailure.Outside(entry.Name, $"it is a {entry.EntryType}, and only files, directories and links may come");
            }
        }

        return any;
    }

    private static bool ExtractZip(FileStream archive, SandboxTree tree, ArchiveBudget budget, CancellationToken cancellationToken)
    {
        ZipIndex.Check(archive);
        using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
        foreach (var entry in zip.Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var attributes = entry.ExternalAttributes >>> 16;
            var mode = (UnixFileMode)(attributes & 0x1FF);
            var kind = attributes & FormatBits;
            if (entry.FullName.EndsWith('/') || kind == DirectoryBits)
            {
                tree.MakeDirectory(entry.FullName, mode == UnixFileMode.None ? UsualDirectory : mode);
                continue;
            }

            using var content = entry.Open();
            if (kind == LinkBits) tree.Link(entry.FullName, LinkOf(content));
            else if (kind is 0 or RegularBits) tree.WriteFile(entry.FullName, content, mode == UnixFileMode.None ? UsualFile : mode);
            else throw ArtifactFailure.Outside(entry.FullName, "only files, directories and links may come");
        }

        return zip.Entries.Count > 0;
    }

    private static string LinkOf(Stream content)
    {
        var text = new byte[LongestLink];
        return System.Text.Encoding.UTF8.GetString(text, 0, content.ReadAtLeast(text, text.Length, throwOnEndOfStream: false));
    }

    /// <summary>The list at the end of a zip file, which is read into memory as a whole.</summary>
    private static class ZipIndex
    {
        private const int EndLength = 22;
        private const int LongestComment = 65_535;
        private const uint EndSignature = 0x06054B50;
        private const uint InLongForm = uint.MaxValue;
        private const uint LargestIndex = 128 * 1024 * 1024;

        public static void Check(FileStream archive)
        {
            var tail = new byte[Math.Min(archive.Length, EndLength + LongestComment)];
            archive.Position = archive.Length - tail.Length;
            archive.ReadExactly(tail);
            archive.Position = 0;
            for (var at = tail.Length - EndLength; at >= 0; at--)
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at)) != EndSignature) continue;

                // Files with more need the long form, in which the size stands elsewhere; none that is meant well has so many names.
                var size = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at + 12));
                if (size is InLongForm or <= LargestIndex) return;
                throw ArtifactFailure.Bomb("The list of the archive's entries is too long.");
            }
        }
    }
}
