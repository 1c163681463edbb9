using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>A pseudo terminal: what a command is given as its terminal, and the side from which somebody uses it.</summary>
internal sealed partial class Terminal : IDisposable
{
    private const int ReadWriteNoControl = 0x2 | 0x100 | 0x800 | 0x80000;
    private const nuint SetSize = 0x5414;
    private const int LongestName = 128;
    private const short Readable = 1;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Makes one.</summary>
    /// <exception cref="IOException">The machine has none left.</exception>
    public Terminal()
    {
        Master = OpenMaster(ReadWriteNoControl);
        Span<byte> name = stackalloc byte[LongestName];
        if (Master.IsInvalid || Grant(Master) != 0 || Unlock(Master) != 0
            || NameOf(Master, ref MemoryMarshal.GetReference(name), LongestName) != 0)
        {
            var reason = Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
            Master.Dispose();
            throw new IOException($"no terminal can be made: {reason}");
        }

        Name = System.Text.Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
    }

    /// <summary>The side of the user.</summary>
    public SafeFileHandle Master { get; }

    /// <summary>The file that the command opens.</summary>
    public string Name { get; }

    /// <summary>Sets how large it is, unless it has hung up meanwhile.</summary>
    public void Resize(int rows, int columns)
    {
        var size = new WindowSize { Rows = (ushort)Math.Clamp(rows, 1, 9999), Columns = (ushort)Math.Clamp(columns, 1, 9999) };
        try
        {
            _ = Control(Master, SetSize, ref size);
        }
        catch (ObjectDisposedException)
        {
            // Who resizes it does not know yet that the command has ended, and is told so by his answer.
        }
    }

    /// <summary>Waits a moment for something to read.</summary>
    /// <returns>Bytes read; 0 when there is nothing yet; -1 when nobody has the other side open any more.</returns>
    public unsafe int Read(Span<byte> buffer)
    {
        var wait = new Wait { Descriptor = (int)Master.DangerousGetHandle(), Events = Readable };
        if (Poll(ref wait, 1, (int)Look.TotalMilliseconds) <= 0) return 0;
        fixed (byte* start = buffer)
        {
            var read = (int)ReadFrom(Master, start, (nuint)buffer.Length);
            return read > 0 ? read : -1;
        }
    }

    /// <summary>Writes what fits.</summary>
    /// <returns>Bytes written; less than all when the command does not read.</returns>
    public unsafe int Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return 0;
        fixed (byte* start = bytes) return Math.Max(0, (int)WriteTo(Master, start, (nuint)bytes.Length));
    }

    /// <summary>Hangs up.</summary>
    public void Dispose() => Master.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Wait
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial SafeFileHandle OpenMaster(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(SafeFileHandle master);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(SafeFileHandle master);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int NameOf(SafeFileHandle master, ref byte name, nuint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle master, nuint request, ref WindowSize size);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref Wait waits, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint ReadFrom(SafeFileHandle master, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint WriteTo(SafeFileHandle master, byte* buffer, nuint count);
}
