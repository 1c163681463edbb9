using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>What the machine as a whole does, as its kernel counts it.</summary>
/// <param name="BusyTicks">Time that its processors worked, in any unit.</param>
/// <param name="TotalTicks">Time that they were there, in the same one.</param>
/// <param name="MemoryMiB">Memory that is not available.</param>
internal readonly record struct MachineUse(long BusyTicks, long TotalTicks, long MemoryMiB)
{
    /// <summary>Asks the kernel.</summary>
    /// <param name="root">Where <c>proc</c> is.</param>
    public static MachineUse Read(string root)
    {
        // user nice system idle iowait irq softirq steal; the guests behind them are in user already.
        var times = Line(Path.Combine(root, "proc/stat"), "cpu ").Take(8).ToArray();
        var idle = times.Length > 4 ? times[3] + times[4] : 0;
        var memory = Path.Combine(root, "proc/meminfo");
        var used = Line(memory, "MemTotal:").FirstOrDefault() - Line(memory, "MemAvailable:").FirstOrDefault();
        return new(times.Sum() - idle, times.Sum(), Math.Max(0, used / 1024));
    }

    /// <summary>Thousandths of a core that were busy since an earlier look; null when no time has passed.</summary>
    public long? CpuMillisSince(MachineUse before, int processors) => TotalTicks > before.TotalTicks
        ? Math.Max(0, BusyTicks - before.BusyTicks) * processors * 1000L / (TotalTicks - before.TotalTicks)
        : null;

    private static IEnumerable<long> Line(string path, string start)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        var found = lines.FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) ?? start;
        return found[start.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);
    }
}
