namespace OrleansScheduler.Contracts;

/// <summary>Owns which jobs exist, one shard of them, and keeps those awake that have something in motion. Key: shard number.</summary>
[Alias("osched.IJobIndexGrain")]
public interface IJobIndexGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Records that the job exists and has something to do. Durable when it returns; doing it twice changes nothing.
    /// </summary>
    [Alias("Add"), Orleans.Concurrency.AlwaysInterleave]
    Task Add(JobKey job, CancellationToken cancellationToken = default);

    /// <summary>
    /// The job says whether something of it is in motion; the index knows the job afterwards. What was in motion is asked from time to
    /// time, and woken after a crash, until it has said that it has ended.
    /// </summary>
    [Alias("SetMotion"), Orleans.Concurrency.AlwaysInterleave]
    Task SetMotion(JobKey job, bool inMotion, CancellationToken cancellationToken = default);

    /// <summary>The jobs of this shard in order of their keys, from <paramref name="after"/> (exclusive) on.</summary>
    [Alias("List"), Orleans.Concurrency.AlwaysInterleave]
    Task<ImmutableArray<JobKey>> List(JobKey? after, string? role, string? environment, int limit,
        CancellationToken cancellationToken = default);

    /// <summary>How many jobs this shard has.</summary>
    [Alias("Count"), Orleans.Concurrency.AlwaysInterleave]
    Task<int> Count(CancellationToken cancellationToken = default);

    /// <summary>Makes sure that the shard is awake and looks after its jobs.</summary>
    [Alias("Wake"), Orleans.Concurrency.AlwaysInterleave]
    Task Wake(CancellationToken cancellationToken = default);
}

/// <summary>How jobs are spread over index shards.</summary>
public static class JobIndex
{
    /// <summary>Number of shards. Fixed: a job's shard must not move.</summary>
    public const int Shards = 16;

    /// <summary>The shard of a job (FNV-1a over its key, so that every process agrees).</summary>
    public static int ShardOf(JobKey job)
    {
        var hash = 2166136261u;
        foreach (var c in job.ToString()) hash = (hash ^ c) * 16777619u;
        return (int)(hash % Shards);
    }
}
