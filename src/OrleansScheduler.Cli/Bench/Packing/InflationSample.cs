namespace OrleansScheduler.Cli;

/// <summary>Tasks drawn from a trace, with replacement, until they ask for more than there is.</summary>
internal static class InflationSample
{
    /// <summary>How much is asked for in the end, of all that there is.</summary>
    public const double Load = 1.3;

    private const int Most = 2_000_000;

    /// <summary>Shapes in the order in which they come; a task of several pieces is as many tasks here, as nothing ever ends.</summary>
    /// <exception cref="InvalidDataException">It would take too many.</exception>
    public static List<int> Draw(PackingTrace trace, int seed)
    {
        var random = new Random(seed);
        var (drawn, asked, until) = (new List<int>(), 0L, (long)(trace.Total * Load));
        while (asked < until)
        {
            ref readonly var task = ref trace.Tasks[random.Next(trace.Tasks.Length)];
            if (drawn.Count + (long)task.Pieces > Most)
                throw new InvalidDataException($"{trace.Name}: it takes more than {Most} tasks to fill the machines");
            for (var i = 0; i < task.Pieces; i++) drawn.Add(task.Shape);
            asked += trace.Amount(task);
        }

        return drawn;
    }
}
