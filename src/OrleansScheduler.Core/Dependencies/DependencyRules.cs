namespace OrleansScheduler.Core;

/// <summary>What it means that one job waits for others.</summary>
public static class DependencyRules
{
    /// <summary>Most jobs that one job waits for directly.</summary>
    public const int MaxDirect = 64;

    /// <summary>Most jobs that may stand before one job in all: the bound of the search for cycles.</summary>
    public const int MaxBefore = 1_000;

    /// <summary>How a job stands in the eyes of those that wait for it.</summary>
    public static DependencyState StateOf(JobState job)
    {
        if (!job.Exists) return DependencyState.Missing;
        if (job.Header.Cron is { Active.IsEmpty: true, Recent: [.., var last] })
            return last.Outcome == CronOutcome.Finished ? DependencyState.Met : DependencyState.Failed;
        return StateOf(JobDescription.Phase(job), job.Spec.Type);
    }

    /// <summary>What the phase of a job that is no cron job means to those that wait for it.</summary>
    public static DependencyState StateOf(JobPhase phase, JobType type) => phase switch
    {
        JobPhase.Finished => DependencyState.Met,
        JobPhase.Running when type == JobType.Service => DependencyState.Met,
        JobPhase.Failed or JobPhase.Stopped or JobPhase.Stopping => DependencyState.Failed,
        _ => DependencyState.Pending,
    };

    /// <summary>
    /// The order in which specs are to be submitted so that none comes before one it waits for; otherwise as given. What waits in a circle
    /// is left in the given order.
    /// </summary>
    /// <returns>Positions in <paramref name="specs"/>.</returns>
    public static ImmutableArray<int> Order(ImmutableArray<JobSpec> specs)
    {
        if (specs.All(spec => spec.After.IsEmpty)) return [.. Enumerable.Range(0, specs.Length)];
        var positions = specs.Select((spec, position) => (spec.Key, position)).DistinctBy(pair => pair.Key)
            .ToDictionary(pair => pair.Key, pair => pair.position);
        var order = ImmutableArray.CreateBuilder<int>(specs.Length);
        var seen = new bool[specs.Length];
        for (var position = 0; position < specs.Length; position++) Visit(position);
        return order.MoveToImmutable();

        void Visit(int position)
        {
            if (seen[position]) return;
            seen[position] = true;
            foreach (var before in specs[position].After)
            {
                if (positions.TryGetValue(before, out var other)) Visit(other);
            }

            order.Add(position);
        }
    }

    /// <summary>Looks for a way from a job back to itself over what jobs wait for.</summary>
    /// <param name="start">The job.</param>
    /// <param name="after">What a job waits for; asked once for each job.</param>
    /// <returns>The jobs on the way, <paramref name="start"/> first and last; empty when there is none.</returns>
    /// <exception cref="TooManyException">More than <see cref="MaxBefore"/> jobs stand before it.</exception>
    public static async ValueTask<ImmutableArray<JobKey>> FindCycle(JobKey start, Func<JobKey, ValueTask<ImmutableArray<JobKey>>> after)
    {
        var cameFrom = new Dictionary<JobKey, JobKey>();
        var waiting = new Queue<JobKey>([start]);
        while (waiting.TryDequeue(out var job))
        {
            foreach (var before in await after(job))
            {
                if (before == start) return WayBack(job);
                if (!cameFrom.TryAdd(before, job)) continue;
                if (cameFrom.Count > MaxBefore) throw new TooManyException();
                waiting.Enqueue(before);
            }
        }

        return [];

        ImmutableArray<JobKey> WayBack(JobKey last)
        {
            List<JobKey> way = [start, last];
            while (way[^1] != start) way.Add(cameFrom[way[^1]]);
            way.Reverse();
            return [.. way];
        }
    }

    /// <summary>More jobs stand before one than are looked through.</summary>
    public sealed class TooManyException() : Exception($"more than {MaxBefore} jobs stand before one");
}
