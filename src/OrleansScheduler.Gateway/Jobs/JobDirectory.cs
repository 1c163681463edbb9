namespace OrleansScheduler.Gateway;

/// <summary>Lists jobs: merges the shards of the index in the order of keys, and asks each job for itself.</summary>
internal sealed class JobDirectory(IGrainFactory grains)
{
    /// <summary>Keys behind <paramref name="after"/>, at most <paramref name="limit"/>, and whether there are more.</summary>
    public async Task<(ImmutableArray<JobKey> Keys, bool More)> List(
        JobKey? after, string? role, string? environment, int limit, CancellationToken cancellationToken)
    {
        // One more than wanted of each shard: then the merged list alone says whether anything follows.
        var shards = await Fanout.Ask(
            [.. Enumerable.Range(0, JobIndex.Shards)],
            (shard, token) => grains.GetGrain<IJobIndexGrain>(shard).List(after, role, environment, limit + 1, token),
            cancellationToken);
        var keys = shards.SelectMany(shard => shard).OrderBy(key => key.ToString(), StringComparer.Ordinal)
            .Take(limit + 1).ToImmutableArray();
        return keys.Length > limit ? (keys[..limit], true) : (keys, false);
    }

    public async Task<Page<JobView>> Describe(
        JobKey? after, string? role, string? environment, int limit, CancellationToken cancellationToken)
    {
        var (keys, more) = await List(after, role, environment, limit, cancellationToken);
        var views = await Fanout.Ask(keys, (key, token) => Grain(key).Describe(token), cancellationToken);

        // The index knows a job a moment before the job knows itself.
        return new([.. views.OfType<JobView>()], more ? PageToken.Of(keys[^1].ToString()) : null);
    }

    public async Task<int> Count(CancellationToken cancellationToken)
    {
        var counts = await Fanout.Ask(
            [.. Enumerable.Range(0, JobIndex.Shards)],
            (shard, token) => grains.GetGrain<IJobIndexGrain>(shard).Count(token),
            cancellationToken);
        return counts.Sum();
    }

    private IJobGrain Grain(JobKey key) => grains.GetGrain<IJobGrain>(key.ToString());
}
