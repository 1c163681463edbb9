using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <content>What containers need.</content>
internal static partial class Posix
{
    private const int EventCloseOnExec = 0x80000;

    /// <summary>Gives a file another name; a link itself is not followed.</summary>
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string another);

    /// <summary>The path without links, '.' and '..'; null when it does not exist.</summary>
    public static unsafe string? RealPath(string path)
    {
        var found = RealPath(path, 0);
        if (found == 0) return null;
        var text = Marshal.PtrToStringUTF8(found);
        NativeMemory.Free((void*)found);
        return text;
    }

    /// <summary>A counter that the kernel adds to when something happens; null when there is none to be had.</summary>
    public static SafeFileHandle? Event()
    {
        var descriptor = EventFd(0, EventCloseOnExec);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Says who may do what with a file.</summary>
    /// <exception cref="IOException">That cannot be said.</exception>
    public static void ChangeMode(string path, UnixFileMode mode)
    {
        if (ChangeMode(path,
            (uint)mode) != 0) throw new IOException($"cannot change who may use {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Account and group that the agent runs as.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPath(string path, nint resolved);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);
}
