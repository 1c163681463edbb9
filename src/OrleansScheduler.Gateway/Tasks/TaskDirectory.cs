namespace OrleansScheduler.Gateway;

/// <summary>Which tasks a list shows.</summary>
/// <param name="Role">Of this role, or null.</param>
/// <param name="Environment">Of this environment, or null.</param>
/// <param name="Job">Of this job, or null.</param>
/// <param name="Statuses">In one of these; empty for any.</param>
/// <param name="Node">Latest attempt on this node, or null.</param>
internal sealed record TaskFilter(string? Role, string? Environment, JobKey? Job, ImmutableArray<ScheduleStatus> Statuses, string? Node)
{
    /// <summary>Whether every task of the jobs is shown.</summary>
    public bool ShowsAll => Statuses.IsEmpty && Node is null;

    public bool Shows(TaskView task) =>
        (Statuses.IsEmpty || Statuses.Contains(task.Status)) && (Node is null || task.Node == Node);

    public bool Shows(JobKey job) => (Role is null || job.Role == Role) && (Environment is null || job.Environment == Environment);
}

/// <summary>Lists tasks over all jobs, in the order of job keys and instances.</summary>
internal sealed class TaskDirectory(IGrainFactory grains, JobDirectory jobs)
{
    /// <summary>Tasks looked at for one page. A page whose filter matches few of them is short and has a successor.</summary>
    public const int MaxLooked = 10_000;

    private const int SliceOfFiltered = 1000;

    public async Task<Page<TaskView>> List(TaskFilter filter, TaskKey? after, int limit, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<TaskView>();
        var looked = 0;
        var last = after;
        var more = true;

        // A filter may match few of many tasks: small pages must not mean many calls.
        var slice = filter.ShowsAll ? limit + 1 : Math.Max(limit + 1, SliceOfFiltered);
        while (more)
        {
            (var keys, more) = await NextJobs(filter, last, cancellationToken);
            var starts = keys.Select(key => (Key: key, From: key == last?.Job ? last.Value.Instance + 1 : 0)).ToImmutableArray();
            var slices = await Fanout.Ask(
                starts, (start, token) => Grain(start.Key).ListTasks(start.From, slice, token), cancellationToken);
            for (var index = 0; index < slices.Length; index++)
            {
                // A slice may end within its job: then the next round goes on in that job.
                var cut = slices[index].Length == slice;
                foreach (var task in slices[index])
                {
                    if (found.Count == limit || looked == MaxLooked) return new(found.ToImmutable(), PageToken.Of($"{last}"));
                    looked++;
                    last = new(task.Job, task.Instance);
                    if (filter.Shows(task)) found.Add(task);
                }

                if (cut)
                {
                    more = true;
                    break;
                }

                last = new(keys[index], JobLimits.MaxInstances);
            }
        }

        return new(found.ToImmutable(), Next: null);
    }

    private async Task<(ImmutableArray<JobKey> Keys, bool More)> NextJobs(
        TaskFilter filter, TaskKey? last, CancellationToken cancellationToken)
    {
        var unfinished = last is { Instance: < JobLimits.MaxInstances } ? last.Value.Job : (JobKey?)null;
        if (filter.Job is { } only) return ((last is null || unfinished == only) && filter.Shows(only) ? [only] : [], false);
        var (keys, more) = await jobs.List(last?.Job, filter.Role, filter.Environment, Fanout.MaxInFlight, cancellationToken);
        return (unfinished is { } job ? [job, .. keys] : keys, more);
    }

    private IJobGrain Grain(JobKey key) => grains.GetGrain<IJobGrain>(key.ToString());
}
