namespace OrleansScheduler.Cli;

/// <summary>The log of a grid, as the Parallel Workloads Archive keeps them: <c>job,submit_s,run_s,procs,…</c>. It has no memory.</summary>
internal static class GridLog
{
    private const int MiBPerProcessor = 1024;

    /// <summary>Whether a list of tasks is of this kind.</summary>
    public static bool HasTasks(TraceRow row) => row.Has("submit_s") && row.Has("procs");

    /// <summary>The job of one line. A run time below zero is a broken record and counts as 0.</summary>
    public static TraceTask Task(TraceRow row)
    {
        var processors = Math.Max(1, row.Long("procs", 1 << 16));
        return new(
            new Resources(processors * 1000, processors * MiBPerProcessor, 0, 0), "", row.Number("submit_s"),
            Math.Max(0, row.Number("run_s")));
    }
}
