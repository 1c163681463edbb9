using System.Globalization;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>
/// The control groups of this node's tasks, one for each attempt, in whichever version the kernel has: limits, what is used, what was
/// killed
/// for want of memory, and the end of everything in them.
/// </summary>
/// <remarks>
/// Version 1 has one tree a controller, version 2 one for all. Files and values are those of the kernel's documentation
/// (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst).
/// </remarks>
internal sealed partial class CgroupTree : IDisposable
{
    private const string Mount = "/sys/fs/cgroup";
    private const int PeriodMicros = 100_000;
    private const int LeastQuotaMicros = 1000;
    private static readonly string[] Version1Controllers = ["memory", "cpu", "cpuacct", "pids", "blkio"];
    private readonly ILogger<CgroupTree> _logger;
    private readonly IsolationOptions _options;
    private readonly ImmutableArray<string> _roots = [];

    public CgroupTree(StateDirectory state, IOptions<AgentOptions> options, ILogger<CgroupTree> logger)
    {
        (_options, _logger) = (options.Value.Isolation, logger);
        if (_options.Level == IsolationOptions.None) return;
        var below = Path.Combine(_options.CgroupParent.Trim('/'), "osched", state.AgentId[..12]);
        try
        {
            IsVersion2 = File.Exists(Path.Combine(Mount, "cgroup.controllers"));
            _roots = IsVersion2 ? [PrepareVersion2(below)] : PrepareVersion1(below);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(e.Message);
            _roots = [];
        }
    }

    /// <summary>Whether tasks can have control groups here.</summary>
    public bool IsAvailable => !_roots.IsEmpty;

    /// <summary>Whether the kernel's version of them is 2.</summary>
    public bool IsVersion2 { get; }

    /// <summary>Makes the group of an attempt with its limits.</summary>
    /// <returns>The files by which a process joins it, and the one in which the kernel counts what it killed for want of memory.</returns>
    /// <exception cref="TaskStartException">The kernel refuses it.</exception>
    public (ImmutableArray<string> Join, string? OutOfMemory) Create(AttemptDirectory attempt, Resources resources)
    {
        if (!IsAvailable) return ([], null);
        try
        {
            foreach (var group in GroupsOf(attempt)) Directory.CreateDirectory(group);
            if (IsVersion2) LimitVersion2(GroupsOf(attempt).Single(), resources);
            else LimitVersion1(attempt, resources);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(attempt);
            throw new TaskStartException($"The node could not make its control group: {e.Message}", e);
        }

        return (
            [.. GroupsOf(attempt).Select(group => Path.Combine(group, "cgroup.procs"))],
            IsVersion2 ? Path.Combine(GroupsOf(attempt).Single(), "memory.events") : File1(attempt, "memory", "memory.oom_control"));
    }

    /// <summary>What the processes of an attempt use and have used; null when it has no group.</summary>
    public TaskUsage? Usage(AttemptDirectory attempt)
    {
        if (!IsAvailable) return null;
        return IsVersion2
            ? new ControlGroup(GroupsOf(attempt).Single(), _ => GroupsOf(attempt).Single(), isVersion2: true).Usage()
            : new ControlGroup(File1(attempt, "memory", ""), name => File1(attempt, name, ""), isVersion2: false).Usage();
    }

    /// <summary>Sends SIGKILL to every process of an attempt's group.</summary>
    /// <returns>How many there were.</returns>
    public int Kill(AttemptDirectory attempt)
    {
        if (!IsAvailable) return 0;
        var group = GroupsOf(attempt).First();
        var processes = Lines(Path.Combine(group, "cgroup.procs"));
        var atOnce = Path.Combine(group, "cgroup.kill");
        if (processes.Length > 0 && File.Exists(atOnce)) File.WriteAllText(atOnce, "1");
        foreach (var process in processes) _ = Posix.Kill(int.Parse(process, CultureInfo.InvariantCulture), Posix.SigKill);
        return processes.Length;
    }

    /// <summary>Removes the group of an attempt; false when something is still in it.</summary>
    public bool Remove(AttemptDirectory attempt)
    {
        var removed = true;
        foreach (var group in GroupsOf(attempt)) removed &= Remove(group);
        return removed;
    }

    private bool Remove(string group)
    {
        try
        {
            if (Directory.Exists(group)) Directory.Delete(group);
            return true;
        }
        catch (IOException e)
        {
            // Those that were killed just now may still be on their way out.
            LogNotRemoved(group, e.Message);
            return false;
        }
    }

    /// <summary>Leaves nothing of its own behind, unless tasks run on.</summary>
    public void Dispose()
    {
        foreach (var root in _roots)
        {
            try
            {
                Directory.Delete(root);
                Directory.Delete(Path.GetDirectoryName(root)!);
            }
            catch (IOException)
            {
                // Somebody is still in it.
            }
        }
    }

    /// <summary>Ends and removes the groups of attempts that nobody knows.</summary>
    /// <param name="known">Whether the attempt of a directory's name is known.</param>
    public void RemoveStrangers(Func<string, bool> known)
    {
        foreach (var name in Names().Where(name => !known(name)).ToList())
        {
            var processes = Lines(Path.Combine(_roots[0], name, "cgroup.procs"));
            foreach (var process in processes) _ = Posix.Kill(int.Parse(process, CultureInfo.InvariantCulture), Posix.SigKill);
            foreach (var root in _roots) Remove(Path.Combine(root, name));
        }
    }

    /// <summary>Names of attempts that have a group.</summary>
    public IEnumerable<string> Names() => IsAvailable
        ? Directory.EnumerateDirectories(_roots[0]).Select(path => Path.GetFileName(path)!)
        : [];

    private static string PrepareVersion2(string below)
    {
        var at = Mount;
        foreach (var part in below.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            Delegate(at);
            at = Path.Combine(at, part);
            Directory.CreateDirectory(at);
        }

        Delegate(at);
        return at;
    }

    /// <summary>Hands the controllers on to the groups below. A group that does so must have no processes of its own.</summary>
    private static void Delegate(string group)
    {
        const string Wanted = "+cpu +memory +pids +io";
        var own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (group != Mount && Lines(Path.Combine(group, "cgroup.procs")).Contains(own, StringComparer.Ordinal))
        {
            var leaf = Path.Combine(group, "agent");
            Directory.CreateDirectory(leaf);
            File.WriteAllText(Path.Combine(leaf, "cgroup.procs"), own);
        }

        var offered = Lines(Path.Combine(group, "cgroup.controllers"))
            .SelectMany(line => line.Split(' ')).ToHashSet(StringComparer.Ordinal);
        foreach (var controller in Wanted.Split(' '))
        {
            if (offered.Contains(controller[1..])) File.WriteAllText(Path.Combine(group, "cgroup.subtree_control"), controller);
        }
    }

    private static ImmutableArray<string> PrepareVersion1(string below)
    {
        var roots = Version1Controllers.Select(controller => Path.Combine(Mount, controller))
            .Where(Directory.Exists).Select(path => Path.Combine(path, below)).ToImmutableArray();
        foreach (var root in roots) Directory.CreateDirectory(root);
        return roots;
    }

    private void LimitVersion2(string group, in Resources resources)
    {
        Write(group, "memory.max", Bytes(resources));
        Write(group, "memory.swap.max", "0");
        Write(group, "memory.oom.group", "1");
        Write(group, "pids.max", _options.MaxProcesses.ToString(CultureInfo.InvariantCulture));
        Write(group, "cpu.weight", Weight(resources).ToString(CultureInfo.InvariantCulture));
        Write(group, "io.weight", $"default {Weight(resources)}");
        if (_options.CpuQuota) Write(group, "cpu.max", $"{Quota(resources)} {PeriodMicros}");
    }

    private void LimitVersion1(AttemptDirectory attempt, in Resources resources)
    {
        Write(File1(attempt, "memory", ""), "memory.limit_in_bytes", Bytes(resources));
        Write(File1(attempt, "memory", ""), "memory.memsw.limit_in_bytes", Bytes(resources));
        Write(File1(attempt, "pids", ""), "pids.max", _options.MaxProcesses.ToString(CultureInfo.InvariantCulture));
        Write(File1(attempt, "cpu", ""), "cpu.shares",
            Math.Max(2, resources.CpuMillis * 1024 / 1000).ToString(CultureInfo.InvariantCulture));
        Write(File1(attempt, "blkio", ""), "blkio.weight", Math.Max(10, Weight(resources)).ToString(CultureInfo.InvariantCulture));
        if (!_options.CpuQuota) return;
        Write(File1(attempt, "cpu", ""), "cpu.cfs_period_us", PeriodMicros.ToString(CultureInfo.InvariantCulture));
        Write(File1(attempt, "cpu", ""), "cpu.cfs_quota_us", Quota(resources).ToString(CultureInfo.InvariantCulture));
    }

    private static string Bytes(in Resources resources) => (resources.MemoryMiB * 1024 * 1024).ToString(CultureInfo.InvariantCulture);

    private static long Quota(in Resources resources) => Math.Max(LeastQuotaMicros, resources.CpuMillis * PeriodMicros / 1000);

    // One core is the weight that everybody has who asks for none.
    private static long Weight(in Resources resources) => Math.Clamp(resources.CpuMillis / 10, 1, 1000);

    // Not every kernel has every limit; one that it has must take the value.
    private static void Write(string group, string file, string value)
    {
        var path = Path.Combine(group, file);
        if (File.Exists(path)) File.WriteAllText(path, value);
    }

    private IEnumerable<string> GroupsOf(AttemptDirectory attempt) =>
        _roots.Select(root => Path.Combine(root, Path.GetFileName(attempt.Root)));

    private string File1(AttemptDirectory attempt, string controller, string file) =>
        Path.Combine(_roots.FirstOrDefault(root => root.StartsWith($"{Mount}/{controller}/", StringComparison.Ordinal)) ?? Mount,
            Path.GetFileName(attempt.Root), file);

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Tasks have no control groups here, so nothing holds them to their limits: {Reason}")]
    private partial void LogUnavailable(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Control group {Group} cannot be removed: {Reason}")]
    private partial void LogNotRemoved(string group, string reason);
}
