using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>
/// Has the file system itself hold sandboxes to their size, where it keeps quotas by project (xfs and ext4, mounted with <c>prjquota</c>):
/// a write beyond it fails. Elsewhere it is measured now and then, see <see cref="UsageMeter"/>.
/// </summary>
/// <remarks>Calls and structures are those of Linux: <c>quotactl_fd</c> (5.14) and <c>FS_IOC_FSSETXATTR</c>.</remarks>
internal sealed partial class DiskQuota
{
    private const int QuotaCall = 443;
    private const int ProjectQuota = 2;
    private const int GetQuota = (0x800007 << 8) | ProjectQuota;
    private const int SetQuota = (0x800008 << 8) | ProjectQuota;
    private const uint LimitsAreValid = 1;
    private const int NoEntry = 2;
    private const nuint GetAttributes = 0x801C581F;
    private const nuint SetAttributes = 0x401C5820;
    private const uint Inherit = 0x200;
    private const int ReadOnlyCloseOnExec = 0x80000;
    private const long KiBPerMiB = 1024;

    // Above what administrators give out by hand; agents on one file system begin at places of their own.
    private const uint FirstProject = 0x4F00_0000;
    private const uint Projects = 0x00FF_FFFF;

    private readonly string _root;
    private readonly Lock _lock = new();
    private uint _next;

    public DiskQuota(StateDirectory state, IOptions<AgentOptions> options)
    {
        _root = AttemptDirectory.AllOf(state.Root);
        if (options.Value.Isolation.Level == IsolationOptions.None) return;
        Directory.CreateDirectory(_root);
        using var directory = Opened.At(_root);
        IsAvailable = Read(directory, FirstProject) is not null;
        _next = (uint)string.GetHashCode(state.AgentId, StringComparison.Ordinal) % Projects;
    }

    /// <summary>Whether the file system of the sandboxes can do it.</summary>
    public bool IsAvailable { get; }

    /// <summary>
    /// Limits a sandbox, and what comes to be in it, to as much as its task asked for. Nothing for one that asked for nothing.
    /// </summary>
    /// <exception cref="TaskStartException">The file system refuses it.</exception>
    public void Limit(Attempt attempt)
    {
        if (!IsAvailable || attempt.Spec!.Resources.DiskMiB == 0) return;
        using var sandbox = Opened.At(attempt.Directory.Sandbox);
        lock (_lock)
        {
            var project = Free(sandbox);
            if (!Write(sandbox, project, attempt.Spec.Resources.DiskMiB * KiBPerMiB) || !SetProject(sandbox, project))
                throw new TaskStartException($"The node cannot limit its disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>What a limited sandbox takes, in bytes; null for one without a limit.</summary>
    public long? Used(AttemptDirectory directory)
    {
        if (!IsAvailable || !Directory.Exists(directory.Sandbox)) return null;
        using var sandbox = Opened.At(directory.Sandbox);
        return ProjectOf(sandbox) is { } project ? (long?)Read(sandbox, project)?.Used : null;
    }

    /// <summary>Removes an attempt's directory with the limit on it.</summary>
    public void Delete(AttemptDirectory directory)
    {
        uint? project = null;
        if (IsAvailable && Directory.Exists(directory.Sandbox))
        {
            using var sandbox = Opened.At(directory.Sandbox);
            project = ProjectOf(sandbox);
        }

        directory.Delete();
        if (project is not { } limited) return;
        using var root = Opened.At(_root);
        lock (_lock) _ = Write(root, limited, 0);
    }

    /// <summary>A number that limits nothing yet. What is limited the file system alone knows, so a new agent finds it there.</summary>
    private uint Free(Opened directory)
    {
        for (var tries = 0u; tries < Projects; tries++)
        {
            var project = FirstProject + (_next++ % Projects);
            if (Read(directory, project) is { Limit: 0 }) return project;
        }

        throw new TaskStartException("The node has no number left to limit its disk by.");
    }

    private static uint? ProjectOf(Opened directory)
    {
        var attributes = default(Attributes);
        var isKnown = Control(directory.Descriptor, GetAttributes, ref attributes) == 0;
        return isKnown && attributes.Project is >= FirstProject and < FirstProject + Projects ? attributes.Project : null;
    }

    private static bool SetProject(Opened directory, uint project)
    {
        var attributes = default(Attributes);
        if (Control(directory.Descriptor, GetAttributes, ref attributes) != 0) return false;
        attributes.Project = project;
        attributes.Flags |= Inherit;
        if (Control(directory.Descriptor, SetAttributes, ref attributes) != 0) return false;

        // What is made in a directory belongs to its project; what is there already does not.
        foreach (var inside in Directory.EnumerateDirectories(directory.Path))
        {
            using var opened = Opened.At(inside);
            if (!SetProject(opened, project)) return false;
        }

        return true;
    }

    private static (ulong Limit, ulong Used)? Read(Opened directory, uint project)
    {
        var quota = default(Quota);
        if (Call(QuotaCall, directory.Descriptor, GetQuota, (nint)project, ref quota) == 0) return (quota.HardLimit, quota.Used);

        // xfs knows nothing of a project before its first file or limit.
        return Marshal.GetLastPInvokeError() == NoEntry ? (0, 0) : null;
    }

    private static bool Write(Opened directory, uint project, long kibibytes)
    {
        var quota = new Quota { HardLimit = (ulong)kibibytes, SoftLimit = (ulong)kibibytes, Valid = LimitsAreValid };
        return Call(QuotaCall, directory.Descriptor, SetQuota, (nint)project, ref quota) == 0;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint descriptor, nint command, nint project, ref Quota quota);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, ref Attributes attributes);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    private readonly struct Opened(string path, int descriptor) : IDisposable
    {
        public string Path { get; } = path;

        public int Descriptor { get; } = descriptor;

        public static Opened At(string path) => Open(path, ReadOnlyCloseOnExec) is >= 0 and var descriptor
            ? new(path, descriptor)
            : throw new IOException($"cannot open {path}: {Marshal.GetLastPInvokeErrorMessage()}");

        public void Dispose() => _ = Close(Descriptor);
    }

    /// <summary><c>struct if_dqblk</c>: limits in KiB, use in bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Quota
    {
        public ulong HardLimit;
        public ulong SoftLimit;
        public ulong Used;
        public ulong FilesHardLimit;
        public ulong FilesSoftLimit;
        public ulong Files;
        public ulong GraceForBytes;
        public ulong GraceForFiles;
        public uint Valid;
    }

    /// <summary><c>struct fsxattr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Attributes
    {
        public uint Flags;
        public uint ExtentSize;
        public uint Extents;
        public uint Project;
        public uint CopyExtentSize;
        public fixed byte Padding[8];
    }
}
