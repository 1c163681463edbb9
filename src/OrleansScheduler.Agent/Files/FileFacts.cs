using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>What the file system says about one entry.</summary>
/// <param name="Mode">Kind and permissions.</param>
/// <param name="Size">Length in bytes.</param>
/// <param name="Modified">When its content was changed last.</param>
internal readonly partial record struct FileFacts(int Mode, long Size, DateTimeOffset Modified)
{
    private const int Kind = 0xF000;
    private const int EmptyPath = 0x1000;
    private const int NoFollow = 0x100;
    private const uint BasicFacts = 0x7FF;
    private const int StructLength = 256;
    private const int ModeAt = 28;
    private const int SizeAt = 40;
    private const int ModifiedAt = 112;

    public bool IsFile => (Mode & Kind) == 0x8000;

    public bool IsDirectory => (Mode & Kind) == 0x4000;

    public bool IsLink => (Mode & Kind) == 0xA000;

    /// <summary>Of what is open; null when the kernel does not say.</summary>
    public static FileFacts? Of(SafeFileHandle open) => Read(open, "", EmptyPath);

    /// <summary>Of an entry of an open directory, itself and not what it may link to.</summary>
    public static FileFacts? Of(SafeFileHandle directory, string name) => Read(directory, name, NoFollow);

    private static FileFacts? Read(SafeFileHandle directory, string name, int flags)
    {
        Span<byte> facts = stackalloc byte[StructLength];
        if (StatX(directory, name, flags, BasicFacts, ref MemoryMarshal.GetReference(facts)) != 0) return null;
        var modified = Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(facts[ModifiedAt..]), 0, uint.MaxValue);
        return new(
            BinaryPrimitives.ReadUInt16LittleEndian(facts[ModeAt..]), BinaryPrimitives.ReadInt64LittleEndian(facts[SizeAt..]),
            DateTimeOffset.FromUnixTimeSeconds(modified));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle directory, string name, int flags, uint mask, ref byte facts);
}
