using System.Globalization;

namespace OrleansScheduler.Shim;

/// <summary>
/// The mounts that a task sees: the machine's own, read-only; its sandbox; a <c>/tmp</c> and shared memory of its own; and of its processes
/// only its own.
/// </summary>
internal static unsafe class MountTable
{
    private const nuint ReadOnlyFlag = 1;
    private const nuint NoSetUser = 2;
    private const nuint NoDevices = 4;
    private const nuint NoExecution = 8;
    private const nuint Bind = 4096;
    private const nuint Recursive = 16384;
    private const nuint Slave = 1 << 19;
    private const nuint Remount = 32;
    private const nint SetAttributes = 442;
    private const int CurrentDirectory = -100;
    private const int AllBelow = 0x8000;
    private const ulong AttributeReadOnly = 1;

    /// <summary>Gives this process mounts of its own and makes them a task's.</summary>
    public static void Build(ShimSpec spec)
    {
        var isolation = spec.Isolation;
        _ = Native.Check(Native.Unshare(Native.NewNamespaceMount), "cannot make a namespace for mounts");

        // What the machine mounts later is seen here; what is mounted here is not seen by the machine.
        Mount(null, "/", null, Slave | Recursive, null);
        var sandbox = Hold(spec.Sandbox);
        var temporary = Hold(Path.Combine(spec.Sandbox, "tmp"));
        var writable = isolation.Writable.Where(Directory.Exists).Select(path => (Path: path, Descriptor: Hold(path))).ToList();
        SetReadOnly("/", recursive: true, readOnly: true);
        Put(temporary, "/tmp");
        if (isolation.Hidden is { } hidden && Directory.Exists(hidden))
            Mount("tmpfs", hidden, "tmpfs", NoSetUser | NoDevices, "mode=711,size=1m");
        foreach (var (path, descriptor) in writable) Put(descriptor, path);
        Put(sandbox, spec.Sandbox);
        if (Directory.Exists("/dev/shm")) Mount("tmpfs", "/dev/shm", "tmpfs", NoSetUser | NoDevices | NoExecution, "mode=1777,size=64m");
        if (!isolation.ProcessNumbers) return;
        Mount("proc", "/proc", "proc", NoSetUser | NoDevices | NoExecution, null);
        foreach (var path in (ReadOnlySpan<string>)["/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger"])
        {
            if (!Path.Exists(path)) continue;
            Mount(path, path, null, Bind, null);
            Mount(null, path, null, Bind | Remount | ReadOnlyFlag | NoSetUser | NoDevices | NoExecution, null);
        }
    }

    private static int Hold(string path) =>
        Native.Check(Native.Open(path, 0x200000 | Native.CloseOnExec, 0), $"cannot open {path}");

    /// <summary>Puts a directory that was opened before anything was hidden to its place, writable.</summary>
    private static void Put(int descriptor, string path)
    {
        // Its place may have been hidden with what is around it.
        Directory.CreateDirectory(path);
        Mount(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}"), path, null, Bind, null);
        SetReadOnly(path, recursive: false, readOnly: false);
        _ = Native.Close(descriptor);
    }

    private static void SetReadOnly(string path, bool recursive, bool readOnly)
    {
        var attributes = stackalloc ulong[4];
        new Span<ulong>(attributes, 4).Clear();
        attributes[readOnly ? 0 : 1] = AttributeReadOnly;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
        {
            var result = (int)Native.SystemCall(
                SetAttributes, CurrentDirectory, (nint)name, recursive ? AllBelow : 0, (nint)attributes, 4 * sizeof(ulong));
            _ = Native.Check(result, $"cannot change the mount {path}");
        }
    }

    private static void Mount(string? source, string target, string? type, nuint flags, string? data) =>
        _ = Native.Check(Native.Mount(source, target, type, flags, data), $"cannot mount {target}");
}
