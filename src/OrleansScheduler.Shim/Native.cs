using System.Runtime.InteropServices;
using System.Text;

namespace OrleansScheduler.Shim;

/// <summary>The system calls that a supervisor makes. Errors come back as -1 with <see cref="Marshal.GetLastPInvokeError"/>, or are
/// thrown by <see cref="Check"/>.</summary>
internal static unsafe partial class Native
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const nint Ignore = 1;
    public const int DoNotWait = 1;
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int NoChildren = 10;
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Append = 0x400;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;
    public const short PollIn = 1;
    public const int NewNamespaceMount = 0x00020000;
    public const int NewNamespaceUts = 0x04000000;
    public const int NewNamespaceIpc = 0x08000000;
    public const int NewNamespacePid = 0x20000000;
    public const int SetChildSubreaper = 36;
    public const int SetParentDeathSignal = 1;
    public const int SetNoNewPrivileges = 38;
    public const int DropBounding = 24;
    public const int Ambient = 47;
    public const int AmbientClearAll = 4;
    public const int SetSeccomp = 22;
    public const int SeccompFilter = 2;

    // Numbers of calls that are the same on every architecture.
    public const nint PidDescriptorSendSignal = 424;
    public const nint PidDescriptorOpen = 434;
    private const int BootClock = 7;
    private const int Children = -1;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSessionId = 0x80;
    private const int SizeOfSpawnState = 512;

    /// <summary>Milliseconds since the machine was started, with those that it slept.</summary>
    public static long BootMillis()
    {
        var time = stackalloc nint[2];
        _ = ClockGetTime(BootClock, time);
        return (time[0] * 1000L) + (time[1] / 1_000_000);
    }

    /// <summary>Processor milliseconds of all processes that were collected, and most bytes that one of them had.</summary>
    public static (long CpuMillis, long PeakBytes) UsageOfChildren()
    {
        // Two times of seconds and microseconds, then the most memory in KiB, then what is of no interest here.
        var usage = stackalloc nint[18];
        _ = GetUsage(Children, usage);
        return (((usage[0] + usage[2]) * 1000L) + ((usage[1] + usage[3]) / 1000), usage[4] * 1024L);
    }

    /// <summary>Passes a result on unless it is an error.</summary>
    /// <exception cref="ShimException">It is one; the message says what could not be done and why.</exception>
    public static int Check(int result, string what) => result >= 0
        ? result
        : throw new ShimException($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    /// <summary>Starts a program in a session of its own, with no signal ignored or blocked.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments, its own name first.</param>
    /// <param name="environment">Its variables, each as <c>NAME=value</c>.</param>
    /// <param name="descriptors">What becomes its descriptors 0, 1, 2 and so on.</param>
    /// <returns>Its process number.</returns>
    public static int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, ReadOnlySpan<int> descriptors)
    {
        // Both are opaque and smaller than this in every C library.
        var actions = stackalloc byte[SizeOfSpawnState];
        var attributes = stackalloc byte[SizeOfSpawnState];
        var signals = stackalloc byte[128];
        new Span<byte>(signals, 128).Fill(0xff);
        var none = stackalloc byte[128];
        new Span<byte>(none, 128).Clear();
        _ = SpawnActionsInit(actions);
        _ = SpawnAttributesInit(attributes);
        _ = SpawnAttributesSetFlags(attributes, SetSignalDefaults | SetSignalMask | SetSessionId);
        _ = SpawnAttributesSetDefaults(attributes, signals);
        _ = SpawnAttributesSetMask(attributes, none);
        for (var i = 0; i < descriptors.Length; i++) _ = SpawnActionsDuplicate(actions, descriptors[i], i);
        using var argv = new TextArray(arguments);
        using var envp = new TextArray(environment);
        var error = PosixSpawn(out var pid, path, actions, attributes, argv.Pointer, envp.Pointer);
        _ = SpawnActionsDestroy(actions);
        _ = SpawnAttributesDestroy(attributes);
        return error == 0 ? pid : throw new ShimException($"cannot start {path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Becomes another program, found by the variable PATH. Returns only when that fails, with the error's number.</summary>
    public static int Execute(IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        using var argv = new TextArray(arguments);
        using var envp = new TextArray(environment);
        _ = ExecuteFound(arguments[0], argv.Pointer, envp.Pointer);
        return Marshal.GetLastPInvokeError();
    }

    /// <summary>Reads the start of a small file.</summary>
    /// <returns>What was read of it; nothing when it cannot be read.</returns>
    public static ReadOnlySpan<byte> ReadStart(string path, Span<byte> buffer)
    {
        var descriptor = Open(path, ReadOnly | CloseOnExec, 0);
        if (descriptor < 0) return [];
        int read;
        fixed (byte* start = buffer) read = (int)Read(descriptor, start, (nuint)buffer.Length);
        _ = Close(descriptor);
        return buffer[..Math.Max(0, read)];
    }

    /// <summary>Writes a file by one call of the kernel, as those of cgroups need it.</summary>
    public static void WriteWhole(string path, string text)
    {
        var descriptor = Check(Open(path, WriteOnly | CloseOnExec, 0), $"cannot open {path}");
        var bytes = Encoding.UTF8.GetBytes(text);
        nint written;
        fixed (byte* start = bytes) written = Write(descriptor, start, (nuint)bytes.Length);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (written < 0) throw new ShimException($"cannot write {path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Writes everything to a descriptor.</summary>
    public static void WriteAll(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (var at = 0; at < bytes.Length;)
            {
                var written = (int)Write(descriptor, start + at, (nuint)(bytes.Length - at));
                if (written < 0 && Marshal.GetLastPInvokeError() == Interrupted) continue;
                at += Check(written, "cannot write");
            }
        }
    }

    /// <summary>Writes a line to a descriptor. The console's own streams start a thread, which a process that has left its namespaces
    /// cannot.</summary>
    public static void Say(int descriptor, string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + '\n');
        fixed (byte* start = bytes) _ = Write(descriptor, start, (nuint)bytes.Length);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, nint* time);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int whose, nint* usage);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int DeviceControl(int descriptor, nuint request, nint value);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(int descriptor, int command, int value);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    public static partial int Pipe(int* ends, int flags);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint Signal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int ProcessControl(int option, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(int descriptor, int type);

    [LibraryImport("libc", EntryPoint = "sethostname", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetHostName(string name, nuint length);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "setgroups", SetLastError = true)]
    public static partial int SetGroups(nuint count, uint* groups);

    [LibraryImport("libc", EntryPoint = "setresgid", SetLastError = true)]
    public static partial int SetGroup(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "setresuid", SetLastError = true)]
    public static partial int SetUser(uint real, uint effective, uint saved);

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    public static partial int SetCapabilities(uint* header, uint* data);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    public static partial int SetLimit(int resource, ulong* softAndHard);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(out int pid, string path, byte* actions, byte* attributes, nint* argv, nint* envp);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int SpawnActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int SpawnActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int SpawnActionsDuplicate(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int SpawnAttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int SpawnAttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SpawnAttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SpawnAttributesSetDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SpawnAttributesSetMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "execvpe", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ExecuteFound(string path, nint* argv, nint* envp);

    /// <summary>One descriptor to wait for (<c>struct pollfd</c>).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        /// <summary>The descriptor; a negative one is passed over.</summary>
        public int Descriptor;

        /// <summary>What is waited for.</summary>
        public short Events;

        /// <summary>What has happened.</summary>
        public short Happened;
    }

    /// <summary>Texts as C programs take them: an array of pointers that ends with null.</summary>
    private readonly ref struct TextArray
    {
        private readonly int _count;

        public TextArray(IReadOnlyList<string> texts)
        {
            _count = texts.Count;
            Pointer = (nint*)NativeMemory.Alloc((nuint)(_count + 1), (nuint)sizeof(nint));
            for (var i = 0; i < _count; i++) Pointer[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
            Pointer[_count] = 0;
        }

        public nint* Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++) Marshal.FreeCoTaskMem(Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}

/// <summary>Something that a supervisor has to do cannot be done; the message is for the task's owner.</summary>
internal sealed class ShimException : Exception
{
    public ShimException()
    {
    }

    public ShimException(string message) : base(message)
    {
    }

    public ShimException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
