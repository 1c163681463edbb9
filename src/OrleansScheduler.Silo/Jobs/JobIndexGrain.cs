using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace OrleansScheduler.Silo;

/// <summary>
/// Owns which jobs exist, one shard of them, and wakes those that may have something in motion: after a crash nobody else would.
/// </summary>
[HashBasedPlacement]
internal sealed partial class JobIndexGrain(
    IGrainContext context, JournalFactory journals, StorageHealth storage, StateCopy copies, IOptions<CellOptions> options,
    ILogger<JobIndexGrain> logger)
    : Grain, IJobIndexGrain, IStateOwner
{
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(5);
    private const int SweepWidth = 32;

    private readonly SortedSet<JobKey> _jobs = [];
    private readonly HashSet<JobKey> _moving = [];
    private readonly HashSet<JobKey> _asked = [];
    private readonly Journal<JobIndexChange, JobIndexChange> _journal = journals.For<JobIndexChange, JobIndexChange>(context.GrainId);
    private Inbox<JobKey>? _inbox;
    private JobKey? _lookedAt;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        storage.Require();
        var recovered = await _journal.Open(cancellationToken);
        if (recovered.Snapshot is { } snapshot) _jobs.UnionWith(snapshot.Added);
        foreach (var change in recovered.Entries) _jobs.UnionWith(change.Added);

        // Nobody knows what they were about.
        _moving.UnionWith(_jobs);
        _inbox = new Inbox<JobKey>(Record);
        this.RegisterGrainTimer(Sweep, new GrainTimerCreationOptions(TimeSpan.Zero, SweepPeriod) { Interleave = true, KeepAlive = true });
    }

    public Task Add(JobKey job, CancellationToken cancellationToken) => _jobs.Contains(job) ? Task.CompletedTask : _inbox!.Post(job);

    public Task SetMotion(JobKey job, bool inMotion, CancellationToken cancellationToken)
    {
        // An answer that is under way to the sweep is older than this news.
        _asked.Remove(job);
        if (inMotion) _moving.Add(job);
        else _moving.Remove(job);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<JobKey>> List(JobKey? after, string? role, string? environment, int limit,
        CancellationToken cancellationToken)
    {
        IEnumerable<JobKey> from = _jobs;
        if (after is { } key) from = _jobs.Count > 0 && key < _jobs.Max ? _jobs.GetViewBetween(key, _jobs.Max) : [];
        return Task.FromResult<ImmutableArray<JobKey>>([.. from
            .Where(j => j != after && (role is null || j.Role == role) && (environment is null || j.Environment == environment))
            .Take(limit)]);
    }

    public Task<int> Count(CancellationToken cancellationToken) => Task.FromResult(_jobs.Count);

    public Task Wake(CancellationToken cancellationToken) => Task.CompletedTask;

    public IAsyncEnumerable<StatePart> CopyState(CancellationToken cancellationToken) =>
        _jobs.Count > 0 ? copies.Parts(_journal, Task.FromResult(Snapshot()), cancellationToken) : AsyncEnumerable.Empty<StatePart>();

    public Task<StateCheck> CheckState(CancellationToken cancellationToken) => _journal.Check();

    private JobIndexChange Snapshot() => new([.. _jobs]);

    private async Task Record(IReadOnlyList<JobKey> added)
    {
        try
        {
            var fresh = added.Where(j => !_jobs.Contains(j)).Distinct().ToImmutableArray();
            if (fresh.IsEmpty) return;
            storage.Require();
            var number = await _journal.Append(new JobIndexChange(fresh));
            _jobs.UnionWith(fresh);
            _moving.UnionWith(fresh);
            if (_journal.WantsSnapshot) _journal.CompactInBackground(Snapshot(), number, logger);
        }
        catch (Exception e)
        {
            LogBroken(this.GetPrimaryKeyLong(), e);
            if (storage.Explain(e) is { } outage)
            {
                this.WaitFor(storage);
                throw outage;
            }

            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>
    /// A few of the jobs at rest count as unknown again, so that each is woken now and then: time has its effects on them too.
    /// </summary>
    private void Unrest()
    {
        if (_jobs.Count == 0) return;
        var due = (int)Math.Ceiling(_jobs.Count * Math.Min(1, SweepPeriod / options.Value.TaskHistory.LookEvery));
        var last = _jobs.Max;
        foreach (var job in (_lookedAt is { } before && before < last ? _jobs.GetViewBetween(before, last) : _jobs).Take(due + 1))
        {
            _moving.Add(job);
            _lookedAt = job;
        }
    }

    private async Task Sweep(CancellationToken cancellationToken)
    {
        Unrest();
        foreach (var some in _moving.ToList().Chunk(SweepWidth)) await Task.WhenAll(some.Select(Ask));

        async Task Ask(JobKey job)
        {
            try
            {
                _asked.Add(job);
                var inMotion = await GrainFactory.GetGrain<IJobGrain>(job.ToString()).Wake(cancellationToken);
                if (_asked.Remove(job) && !inMotion) _moving.Remove(job);
            }
            catch (Exception e)
            {
                LogWakeFailed(job, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Job index {Shard} could not record jobs and starts again from its journal")]
    private partial void LogBroken(long shard, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be woken; it is tried again")]
    private partial void LogWakeFailed(JobKey job, Exception exception);
}

/// <summary>Jobs that exist since this change; a snapshot names all.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobIndexChange")]
internal sealed record JobIndexChange([property: Id(0)] ImmutableArray<JobKey> Added);
