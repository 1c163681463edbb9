using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>Limits of what one process may have open, as they are asked of engines: not more than the agent itself may have, since an engine
/// on the same machine may not be able to give more.</summary>
internal static class ProcessLimits
{
    private const long Enough = 65_536;

    /// <summary>Most files that a process may have open.</summary>
    public static long OpenFiles { get; } = Hard("Max open files");

    /// <summary>Most processes of one account.</summary>
    public static long Processes { get; } = Hard("Max processes");

    private static long Hard(string name)
    {
        foreach (var line in File.ReadLines("/proc/self/limits"))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal)) continue;
            var words = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [_, var hard, ..] && long.TryParse(hard, CultureInfo.InvariantCulture, out var most)) return Math.Min(most, Enough);
        }

        return Enough;
    }
}
