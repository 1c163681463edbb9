using System.Diagnostics;

namespace OrleansScheduler.Cli;

/// <summary>How long something takes: the median of several runs, after one that does not count.</summary>
internal static class Measure
{
    private const int Runs = 3;

    public static LedgerBenchRow Rate(string name, int nodes, int decisions, Action run, int? frameworks = null, int runs = Runs)
    {
        run();
        var times = new double[runs];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < runs; i++)
        {
            var started = Stopwatch.GetTimestamp();
            run();
            times[i] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }

        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Array.Sort(times);
        var seconds = times[runs / 2];
        return new(
            name, nodes, frameworks, decisions / seconds, seconds * 1e9 / decisions,
            Math.Round(bytes / ((double)decisions * runs), 1));
    }
}
