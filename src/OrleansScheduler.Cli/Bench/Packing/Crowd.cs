namespace OrleansScheduler.Cli;

/// <summary>
/// Makes machines short: a trace that was recorded on part of a cell, or in quiet weeks, says nothing about waiting on all of it.
/// </summary>
internal static class Crowd
{
    private const int KeepOneOf = 16;
    private const int MostTasks = 200_000;
    private const double Load = 1.3;
    private const double Spread = 3600;

    /// <summary>
    /// One machine in sixteen of each kind, and each task so many times, up to an hour later, that at the worst moment 130 % of what is
    /// left would be asked for if nobody waited. Null when a trace is short of machines as it is.
    /// </summary>
    public static PackingTrace? Of(PackingTrace trace, int seed)
    {
        var peak = Peak(trace);
        if (peak >= trace.Total) return null;
        var kinds = trace.Nodes.GroupBy(node => node);
        PackingNode[] nodes = [.. kinds.SelectMany(kind => kind.Take((kind.Count() + KeepOneOf - 1) / KeepOneOf))];
        var total = nodes.Sum(node => trace.ByGpu ? (long)node.Gpus * Shape.Device : node.Cpu);
        var times = (int)Math.Clamp(Math.Ceiling(total * Load / peak), 1, Math.Max(1, MostTasks / trace.Tasks.Length));
        var random = new Random(seed);
        return trace.With(nodes, [.. trace.Tasks.SelectMany(task =>
            Enumerable.Range(0, times).Select(_ => task with { ArrivesAt = task.ArrivesAt + Math.Floor(random.NextDouble() * Spread) }))]);
    }

    /// <summary>The most that is asked for at one time if nobody waits.</summary>
    public static long Peak(PackingTrace trace)
    {
        var changes = trace.Tasks.Where(task => task.RunsFor > 0)
            .SelectMany(task => new[] { (task.ArrivesAt, trace.Amount(task)), (task.ArrivesAt + task.RunsFor, -trace.Amount(task)) })
            .Order();
        var (now, peak) = (0L, 1L);
        foreach (var (_, by) in changes)
        {
            now += by;
            peak = Math.Max(peak, now);
        }

        return peak;
    }
}
