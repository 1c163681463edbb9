using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansScheduler.Agent;

/// <summary>Opens what lies below a directory. The kernel itself sees to it that no name, no link and no race leads outside.</summary>
internal static partial class BeneathDirectory
{
    private const long OpenAt2 = 437;
    private const int PathOnly = 0x200000;
    private const ulong ReadOnly = 0;
    private const ulong NonBlocking = 0x800;
    private const ulong CloseOnExec = 0x80000;
    private const ulong NoMagicLinks = 0x02;
    private const ulong Beneath = 0x08;
    private const int NoSuchEntry = 2;
    private const int NotADirectory = 20;
    private const int NotSupported = 38;
    private const int TooManyLinks = 40;
    private const int CrossesOut = 18;
    private const int TriesPerRace = 16;
    private const int Again = 11;

    /// <summary>Opens a file or a directory for reading.</summary>
    /// <param name="directory">What it must lie below.</param>
    /// <param name="path">Where it lies, from there.</param>
    public static Answer<SafeFileHandle> Open(string directory, string path)
    {
        using var root = OpenPath(directory, PathOnly | (int)CloseOnExec);
        if (root.IsInvalid) return Failed(path, Marshal.GetLastPInvokeError());
        var how = new OpenHow { Flags = ReadOnly | NonBlocking | CloseOnExec, Resolve = Beneath | NoMagicLinks };
        for (var tries = 1; ; tries++)
        {
            var descriptor = SystemCall(OpenAt2, root, path.Length == 0 ? "." : path, ref how, (nuint)Marshal.SizeOf<OpenHow>());
            if (descriptor >= 0) return new SafeFileHandle((nint)descriptor, ownsHandle: true);
            var error = Marshal.GetLastPInvokeError();

            // Something was renamed meanwhile, so that the kernel could not be sure.
            if (error != Again || tries >= TriesPerRace) return Failed(path, error);
        }
    }

    /// <summary>Opens a regular file; nothing else is opened, and none that would wait for a writer.</summary>
    public static Answer<FileStream> OpenFile(string directory, string path)
    {
        var answer = Open(directory, path);
        if (answer.Problem is { } problem) return problem;
        var handle = answer.Value!;
        if (FileFacts.Of(handle) is { IsFile: true }) return new FileStream(handle, FileAccess.Read, bufferSize: 0);
        handle.Dispose();
        return Problem.Of(ProblemKind.Invalid, "not-a-file", $"'{path}' is no file.");
    }

    private static Problem Failed(string path, int error) => error switch
    {
        NoSuchEntry or NotADirectory => Problem.Of(ProblemKind.NotFound, "file-not-found", $"There is no '{path}'."),
        CrossesOut or TooManyLinks => Problem.Of(ProblemKind.Invalid, "outside-sandbox", $"'{path}' leads outside."),
        NotSupported => Problem.Of(
            ProblemKind.Unavailable, "files-not-supported", "The node's kernel cannot confine files (openat2, Linux 5.6)."),
        _ => Problem.Of(ProblemKind.Unavailable, "file-unreadable", $"'{path}' cannot be read: {Marshal.GetPInvokeErrorMessage(error)}."),
    };

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenPath(string path, int flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long SystemCall(long number, SafeFileHandle directory, string path, ref OpenHow how, nuint size);
}
