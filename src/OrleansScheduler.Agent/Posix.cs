using System.Runtime.InteropServices;

namespace OrleansScheduler.Agent;

/// <summary>The few system calls for which .NET has no equivalent. Errors come back as -1 with <see
/// cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static partial class Posix
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int NoSuchProcess = 3;
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const int WriteOnlyNonBlocking = 0x801;
    private const int BootClock = 7;

    /// <summary>Reads at most a buffer full from the start of a file of /proc; -1 when it is not there or may not be read.</summary>
    public static unsafe int ReadFile(string path, Span<byte> buffer)
    {
        var descriptor = Open(path, ReadOnlyCloseOnExec);
        if (descriptor < 0) return -1;
        var length = 0;
        fixed (byte* start = buffer)
        {
            while (length < buffer.Length)
            {
                var read = (int)Read(descriptor, start + length, (nuint)(buffer.Length - length));
                if (read < 0 && length == 0) length = -1;
                if (read <= 0) break;
                length += read;
            }
        }

        _ = Close(descriptor);
        return length;
    }

    /// <summary>Makes the entries of a directory durable.</summary>
    /// <exception cref="IOException">The directory cannot be opened or synchronised.</exception>
    public static void SyncDirectory(string path)
    {
        var descriptor = Open(path, ReadOnlyCloseOnExec);
        var done = descriptor >= 0 && Sync(descriptor) == 0;
        var error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0) _ = Close(descriptor);
        if (!done) throw new IOException($"cannot synchronise directory {path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Milliseconds since the machine was started, with those that it slept.</summary>
    public static unsafe long BootMillis()
    {
        var time = stackalloc nint[2];
        _ = ClockGetTime(BootClock, time);
        return (time[0] * 1000L) + (time[1] / 1_000_000);
    }

    /// <summary>Writes to a pipe that somebody reads, at once or not at all; false when nobody does or it is full.</summary>
    public static unsafe bool WriteToPipe(string path, ReadOnlySpan<byte> bytes)
    {
        var descriptor = Open(path, WriteOnlyNonBlocking | ReadOnlyCloseOnExec);
        if (descriptor < 0) return false;
        nint written;
        fixed (byte* start = bytes) written = Write(descriptor, start, (nuint)bytes.Length);
        _ = Close(descriptor);
        return written == bytes.Length;
    }

    /// <summary>Changes who owns a file; of a link the link itself.</summary>
    /// <exception cref="IOException">That is not allowed, or there is no such file.</exception>
    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (ChangeOwnerOfLink(path, user, group) != 0)
            throw new IOException($"cannot give {path} away: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwnerOfLink(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static unsafe partial int ClockGetTime(int clock, nint* time);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
