using System.Diagnostics;

namespace OrleansScheduler.Chaos;

/// <summary>
/// Seconds since the machine was started, as <c>/proc/uptime</c> counts them: the one clock that tasks, faults and clients of a run are
/// compared by. Tasks read it to a hundredth.
/// </summary>
internal static class BootClock
{
    /// <summary>What two readings may differ by and still be of the same moment.</summary>
    public const double Grain = 0.02;

    private static readonly double Offset = Uptime() - Stopwatch.GetElapsedTime(0).TotalSeconds;

    /// <summary>Now.</summary>
    public static double Now => Math.Round(Offset + Stopwatch.GetElapsedTime(0).TotalSeconds, 4);

    /// <summary>The moment at which this clock was at 0, by the clock that the cell tells times of.</summary>
    public static DateTimeOffset Zero => TimeProvider.System.GetUtcNow().AddSeconds(-Now);

    private static double Uptime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
}
