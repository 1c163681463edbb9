using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace OrleansScheduler.Silo;

/// <summary>
/// Owns which jobs exist, one shard of them, and wakes those that may have something in motion: after a crash nobody else would. Most jobs
/// of an old cell have ended; which ones is durable, so that a crash does not wake them all.
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
    private readonly HashSet<JobKey> _ended = [];
    private readonly HashSet<JobKey> _ending = [];
    private readonly Journal<JobIndexChange, JobIndexChange> _journal = journals.For<JobIndexChange, JobIndexChange>(context.GrainId);
    private Inbox<(JobKey Job, bool Ends)>? _inbox;
    private JobKey? _lookedAt;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var recovered = await storage.Open(_journal, cancellationToken);
        if (recovered.Snapshot is { } snapshot) Apply(snapshot);
        foreach (var change in recovered.Entries) Apply(change);

        // Nobody knows what the others were about.
        _moving.UnionWith(_jobs.Where(job => !_ended.Contains(job)));
        _inbox = new Inbox<(JobKey, bool)>(Record);
        this.RegisterGrainTimer(Sweep, new GrainTimerCreationOptions(TimeSpan.Zero, SweepPeriod) { Interleave = true, KeepAlive = true });
    }

    public Task Add(JobKey job, CancellationToken cancellationToken)
    {
        // An answer that is under way to the sweep is older than this news.
        _asked.Remove(job);
        _moving.Add(job);
        return _jobs.Contains(job) && !_ended.Contains(job) && !_ending.Contains(job)
            ? Task.CompletedTask
            : _inbox!.Post((job, Ends: false));
    }

    public Task SetMotion(JobKey job, bool inMotion, CancellationToken cancellationToken) =>
        !inMotion && _jobs.Contains(job) ? Task.CompletedTask : Add(job, cancellationToken);

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

    private JobIndexChange Snapshot() => new() { Added = [.. _jobs], Ended = [.. _ended] };

    private void Apply(JobIndexChange change)
    {
        _jobs.UnionWith(change.Added);
        _ended.ExceptWith(change.Added);
        _ended.UnionWith(change.Ended);
    }

    private async Task Record(IReadOnlyList<(JobKey Job, bool Ends)> news)
    {
        try
        {
            var last = new Dictionary<JobKey, bool>(news.Count);
            foreach (var (job, ends) in news) last[job] = ends;
            var change = new JobIndexChange
            {
                Added = [.. last.Where(n => !n.Value && (!_jobs.Contains(n.Key) || _ended.Contains(n.Key))).Select(n => n.Key)],
                Ended = [.. last.Where(n => n.Value && _jobs.Contains(n.Key) && !_ended.Contains(n.Key)).Select(n => n.Key)],
            };
            if (change.Added.IsEmpty && change.Ended.IsEmpty)
            {
                _ending.ExceptWith(last.Keys);
                return;
            }

            storage.Require();
            var number = await _journal.Append(change);
            Apply(change);
            _ending.ExceptWith(last.Keys);
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
        // Those in memory go on by themselves, and the others could not be read.
        if (storage.IsAway) return;
        Unrest();
        foreach (var some in _moving.ToList().Chunk(SweepWidth)) await Task.WhenAll(some.Select(Ask));

        // Within one entry of the journal, as far as they can be.
        foreach (var job in _ending) _inbox!.Post((job, Ends: true)).Ignore();

        async Task Ask(JobKey job)
        {
            try
            {
                _asked.Add(job);
                var motion = await GrainFactory.GetGrain<IJobGrain>(job.ToString()).Look(cancellationToken);
                if (!_asked.Remove(job) || motion == JobMotion.Moving) return;

                // Without its storage the index asks again.
                if (motion == JobMotion.Ended && !_ended.Contains(job) && storage.IsAway) return;
                _moving.Remove(job);
                if (motion == JobMotion.Ended && !_ended.Contains(job)) _ending.Add(job);
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

/// <summary>What became of some jobs; a snapshot names all.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobIndexChange")]
internal sealed record JobIndexChange
{
    /// <summary>Jobs that exist and have something to do since this change.</summary>
    [Id(0)]
    public ImmutableArray<JobKey> Added { get; init; } = [];

    /// <summary>Of these and earlier ones, jobs that have ended since this change, so that nobody has to wake them.</summary>
    [Id(1)]
    public ImmutableArray<JobKey> Ended { get; init; } = [];
}
