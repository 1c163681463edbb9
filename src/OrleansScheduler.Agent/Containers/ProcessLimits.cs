using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>Limits of what one process may have open, as they are asked of engines: not more than the agent itself may have, since an
/// engine
/// on the same machine may not be able to give more.</summary>
internal static class ProcessLimits
{
    private const long EnoughFiles = 65_536;

    // Podman lowers its own limit to 32,768.
    private const long EnoughProcesses = 16_384;

    /// <summary>Most files that a process may have open.</summary>
    public static long OpenFiles { get; } = Hard("Max open files", EnoughFiles);

    /// <summary>Most processes of one account.</summary>
    public static long Processes { get; } = Hard("Max processes", EnoughProcesses);

    private static long Hard(string name, long enough)
    {
        foreach (var line in File.ReadLines("/proc/self/limits"))
        {
            if (!line.StartsWith(name, StringComparison.Ordinal)) continue;
            var words = line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [_, var hard, ..] && long.TryParse(hard, CultureInfo.InvariantCulture, out var most)) return Math.Min(most,
                enough);
        }

        return enough;
    }
}
