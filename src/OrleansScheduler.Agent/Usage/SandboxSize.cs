using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Text;

namespace OrleansScheduler.Agent;

/// <summary>Measures what a directory takes on disk: blocks, not lengths, so that holes cost nothing. Links are not followed.</summary>
internal static partial class SandboxSize
{
    /// <summary>Most entries that are looked at; what is behind them is not counted.</summary>
    public const int MostEntries = 200_000;

    private const int WorkingDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BlocksAndLinks = 0x400 | 0x4;
    private const int BlockBytes = 512;

    /// <summary>The bytes of a directory and all below it; what goes away meanwhile is not counted.</summary>
    public static long Of(string directory)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.None,
            IgnoreInaccessible = true,
        };
        try
        {
            var entries = new FileSystemEnumerable<long>(directory, static (ref entry) => BytesOf(entry.ToFullPath()), options)
            {
                ShouldRecursePredicate = static (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            };
            return entries.Take(MostEntries).Sum() + BytesOf(directory);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>A file that has several names is shared out among them.</summary>
    private static unsafe long BytesOf(string path)
    {
        // struct statx is the same on every processor: links at 16, blocks at 48, 256 bytes in all.
        var state = stackalloc byte[256];
        var name = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* start = name)
        {
            if (Stat(WorkingDirectory, start, NoFollow, BlocksAndLinks, state) != 0) return 0;
        }

        var links = Math.Max(1u, *(uint*)(state + 16));
        var isDirectory = (*(ushort*)(state + 28) & 0xF000) == 0x4000;
        return *(long*)(state + 48) * BlockBytes / (isDirectory ? 1 : links);
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static unsafe partial int Stat(int directory, byte* path, int flags, uint mask, byte* state);
}
