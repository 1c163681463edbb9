namespace OrleansScheduler.Gateway;

/// <summary>Lists cron jobs among all jobs, in the order of their keys.</summary>
internal sealed class CronDirectory(IGrainFactory grains, JobDirectory jobs)
{
    /// <summary>Jobs looked at for one page. A page of a cell with few cron jobs among many others is short and has a successor.</summary>
    public const int MaxLooked = 2000;

    public async Task<Page<JobView>> List(JobKey? after, string? role, string? environment, int limit, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<JobView>();
        for (var looked = 0; looked < MaxLooked;)
        {
            var (keys, more) = await jobs.List(after, role, environment, Fanout.MaxInFlight, cancellationToken);
            var views = await Fanout.Ask(
                keys, (key, token) => grains.GetGrain<IJobGrain>(key.ToString()).Describe(token), cancellationToken);
            for (var i = 0; i < views.Length; i++)
            {
                if (views[i] is { Type: JobType.Cron } view) found.Add(view);
                if (found.Count == limit && (more || i + 1 < views.Length)) return Continued(keys[i]);
            }

            if (!more) return new(found.ToImmutable(), Next: null);
            after = keys[^1];
            looked += keys.Length;
        }

        return Continued(after!.Value);

        Page<JobView> Continued(JobKey last) => new(found.ToImmutable(), PageToken.Of(last.ToString()));
    }
}
