using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>What the kernel lets this process and its children use: the machine, less what cgroups of either version take away.</summary>
/// <param name="CpuMillis">Thousandths of a core.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
internal readonly record struct MachineLimits(long CpuMillis, long MemoryMiB)
{
    /// <summary>Asks the kernel.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
    /// <param name="processors">How many processors this process may run on.</param>
    public static MachineLimits Detect(string root, int processors)
    {
        var cpu = processors * 1000L;
        var memory = PhysicalMemoryBytes(root);
        foreach (var (directory, isVersion2) in Groups(root))
        {
            cpu = Math.Min(cpu, CpuQuotaMillis(directory, isVersion2) ?? long.MaxValue);
            var limit = Number(Path.Combine(directory, isVersion2 ? "memory.max" : "memory.limit_in_bytes"));
            memory = Math.Min(memory, limit ?? long.MaxValue);
        }

        return new(Math.Max(cpu, 1), Math.Max(memory / (1024 * 1024), 1));
    }

    private static long PhysicalMemoryBytes(string root)
    {
        foreach (var line in Lines(Path.Combine(root, "proc/meminfo")))
        {
            if (!line.StartsWith("MemTotal:", StringComparison.Ordinal)) continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return long.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
        }

        return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
    }

    // A limit of any ancestor holds too. Inside a container the path of the host is not there, but its own group is the root.
    private static IEnumerable<(string Directory, bool IsVersion2)> Groups(string root)
    {
        var mount = Path.Combine(root, "sys/fs/cgroup");
        foreach (var line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            var parts = line.Split(':', 3);
            if (parts.Length != 3) continue;
            var isVersion2 = parts[1].Length == 0;
            foreach (var controller in isVersion2 ? [""] : parts[1].Split(',').Where(name => name is "cpu" or "memory"))
            {
                for (var path = parts[2].Trim('/'); ; path = Path.GetDirectoryName(path) ?? "")
                {
                    yield return (Path.Combine(mount, controller, path), isVersion2);
                    if (path.Length == 0) break;
                }
            }
        }
    }

    private static long? CpuQuotaMillis(string group, bool isVersion2)
    {
        if (!isVersion2)
        {
            var quota = Number(Path.Combine(group, "cpu.cfs_quota_us"));
            var period = Number(Path.Combine(group, "cpu.cfs_period_us"));
            return quota > 0 && period > 0 ? quota * 1000 / period : null;
        }

        var words = Lines(Path.Combine(group, "cpu.max")).FirstOrDefault()?.Split(' ');
        return words is [var most, var span] && long.TryParse(most, CultureInfo.InvariantCulture, out var allowed)
            && long.TryParse(span, CultureInfo.InvariantCulture, out var of) && of > 0 ? allowed * 1000 / of : null;
    }

    private static long? Number(string path) =>
        long.TryParse(Lines(path).FirstOrDefault(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value : null;

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
}
