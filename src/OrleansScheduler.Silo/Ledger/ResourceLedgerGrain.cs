using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace OrleansScheduler.Silo;

/// <summary>
/// Owns every reservation. Requests only leave an intent; the ledger's own rounds take all that are there, plan, write one journal entry,
/// and then tell the jobs.
/// </summary>
[HashBasedPlacement, Immovable]
internal sealed partial class ResourceLedgerGrain : Grain, IResourceLedgerGrain, IStateOwner, IDisposable
{
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);
    private const int SweepParts = 5;
    private const int TakeoverWidth = 32;

    /// <summary>How far above an epoch that the store has forgotten the next one is: others may have seen more.</summary>
    private const long EpochJump = 1 << 20;

    private readonly Ledger _ledger;
    private readonly HashSet<JobKey> _waiting = [];
    private readonly LedgerOperations _operations = new();
    private readonly Dictionary<JobKey, Problem> _refused = [];
    private readonly ProductionBook _production = new();
    private readonly LossGuard _guard;
    private readonly long _started;
    private readonly Journal<LedgerChange, LedgerChange> _journal;
    private readonly Inbox<Action<LedgerRound>> _inbox;
    private readonly LedgerOutbox _outbox;
    private readonly StateCopy _copies;
    private readonly SiloTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly StorageHealth _storage;
    private readonly CellOptions _options;
    private readonly ILogger<ResourceLedgerGrain> _logger;
    private readonly string _silo;
    private readonly CancellationTokenSource _stopped = new();
    private readonly SafeMode _safeMode;
    private readonly EventOutbox _events;
    private readonly List<TaskCompletionSource<Func<LedgerChange>>> _wantedCopies = [];
    private ClaimOrder _claims = new(0);
    private long _epochBase;
    private int _sweep;

    public ResourceLedgerGrain(
        IGrainContext context, IGrainFactory grains, JournalFactory journals, StorageHealth storage, StateCopy copies, SafeMode safeMode,
        EventOutbox events, SiloTelemetry telemetry, TimeProvider time,
        IOptions<CellOptions> options, ILogger<ResourceLedgerGrain> logger, ILogger<LedgerOutbox> outboxLogger)
    {
        _ledger = new Ledger(options.Value.Ledger.ToOptions());
        _journal = journals.For<LedgerChange, LedgerChange>(context.GrainId);
        _inbox = new Inbox<Action<LedgerRound>>(Round, limit: 100_000, options.Value.MaxIntentsPerRound);
        _outbox = new LedgerOutbox(grains, time, outboxLogger, GiveBack, _stopped.Token);
        (_storage, _copies, _telemetry, _time, _options, _logger) = (storage, copies, telemetry, time, options.Value, logger);
        (_safeMode, _events) = (safeMode, events);
        (_guard, _started) = (new LossGuard(options.Value.MassLoss.ToRules()), time.GetTimestamp());
        _silo = context.Address.SiloAddress?.Endpoint.ToString() ?? "";
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var recovered = await _storage.Open(_journal, cancellationToken);
        if (recovered.Snapshot is { } snapshot) Recover(snapshot);
        foreach (var change in recovered.Entries) Recover(change);
        Adopt();
        foreach (var node in _ledger.Nodes().Where(n => !n.Reachable && !_ledger.HeldOn(n.Description.Id).Any()))
            _guard.Know(node.Description.Id);
        Observe();
        LogRecovered(Epoch, _ledger.Placed, _waiting.Count);
        this.RegisterGrainTimer(SweepNodes,
            new GrainTimerCreationOptions(SweepPeriod, SweepPeriod) { Interleave = true, KeepAlive = true });
        _outbox.Add(_ledger.Preemptions);
        _ = TakeOver([.. Jobs]);
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _telemetry.Observe(null);
        return _stopped.CancelAsync();
    }

    public void Dispose()
    {
        _stopped.Dispose();
        _trying.Dispose();
    }

    public async Task<ClaimAnswer> Settle(JobClaim claim, CancellationToken cancellationToken)
    {
        if (!_claims.Take(claim.Job, claim.Stamp, claim.Holding is not null)) return new ClaimAnswer(Epoch, Taken: false);
        _admitted.Remove(claim.Job);
        Problem? refused = null;
        ImmutableArray<Placement> placements = [];
        await _inbox.Post(round =>
        {
            refused = round.Settle(claim);
            round.Count(claim.Job, claim.Production);
            if (claim.TakesPlacements && claim.Demands is not null && refused is null)
                round.Asks(claim.Job, placed => placements = placed);
        });
        if (refused is { } problem)
        {
            _refused[claim.Job] = problem;
            throw new ClaimRefusedException(problem.Message);
        }

        if (claim.Demands is not null) _refused.Remove(claim.Job);
        return new ClaimAnswer(Epoch, Taken: true) { Placements = placements };
    }

    public async Task<long> NodeChanged(NodeCondition condition, CancellationToken cancellationToken)
    {
        if (condition.Reachable && condition.Generation != _ledger.GenerationOf(condition.Description.Id))
            _guard.Registered(_time.GetElapsedTime(_started));
        await _inbox.Post(round => round.Change(condition));
        if (condition.Reachable) _guard.Back(condition.Description.Id);
        return Epoch;
    }

    public Task<long> CurrentEpoch(CancellationToken cancellationToken) => Task.FromResult(Epoch);

    public async Task Overtake(long seen, CancellationToken cancellationToken)
    {
        if (seen < Epoch) return;
        await _inbox.Post(round => round.EpochBase = Math.Max(round.EpochBase, seen - _journal.Epoch + EpochJump));
    }

    public Task<bool> MayReplace(string node, CancellationToken cancellationToken)
    {
        var wasClosed = _guard.IsClosed;
        var may = _guard.MayReplace(node, _ledger.NodeCount, _time.GetElapsedTime(_started));
        if (_guard.IsClosed && !wasClosed) Alarm();
        return Task.FromResult(may);
    }

    public Task<ImmutableArray<HeldByJob>> HeldOn(string node, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<HeldByJob>>([.. _ledger.HeldOn(node).Select(h => new HeldByJob(h.Job, h.Attempts))]);

    public Task<ExplainView?> Explain(JobKey job, CancellationToken cancellationToken)
    {
        var view = _ledger.Explain(job, _time.GetUtcNow());
        if (_refused.TryGetValue(job, out var problem))
            view = (view ?? new ExplainView { Key = job, Summary = "" }) with { Summary = $"{problem.Message} It is tried again." };
        return Task.FromResult(view);
    }

    public Task<ImmutableArray<NodeView>> ListNodes(CancellationToken cancellationToken) => Task.FromResult(_ledger.DescribeNodes());

    public Task<LedgerSummary> Summarise(CancellationToken cancellationToken)
    {
        var nodes = _ledger.DescribeNodes();
        var reachable = nodes.Where(n => n.Status != "unreachable").ToList();
        return Task.FromResult(new LedgerSummary(
            Epoch,
            _ledger.CountNodes(),
            reachable.Aggregate(Resources.None, (sum, n) => sum + n.Description.Capacity),
            nodes.Aggregate(Resources.None, (sum, n) => sum + n.Used),
            _ledger.Placed,
            _ledger.Pending + _ledger.Promised,
            _silo));
    }

    public Task Wake(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Which ledger decides, as all others count it.</summary>
    private long Epoch => _epochBase + _journal.Epoch;

    /// <summary>Jobs that have, want or count anything.</summary>
    private IEnumerable<JobKey> Jobs => _ledger.Jobs.Union(_waiting).Union(_production.Uses.Keys);

    /// <summary>Begins to decide under the current epoch.</summary>
    private void Adopt()
    {
        _outbox.Epoch = Epoch;
        _claims = new ClaimOrder(Epoch);
    }

    public IAsyncEnumerable<StatePart> CopyState(CancellationToken cancellationToken) =>
        _journal.Exists ? _copies.Parts(_journal, Copy(), cancellationToken) : AsyncEnumerable.Empty<StatePart>();

    public Task<StateCheck> CheckState(CancellationToken cancellationToken) => _journal.Check();

    /// <summary>At the end of a round: within one, the ledger in memory counts what is not durable yet.</summary>
    private async Task<LedgerChange> Copy()
    {
        var wanted = new TaskCompletionSource<Func<LedgerChange>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _wantedCopies.Add(wanted);
        await _inbox.Post(static _ => { });
        var capture = await wanted.Task;
        return await Task.Run(capture);
    }

    private void Recover(LedgerChange change)
    {
        change.ApplyTo(_ledger);
        Follow(change);
    }

    /// <summary>Keeps what of a durable change the ledger itself does not.</summary>
    private void Follow(LedgerChange change)
    {
        _waiting.UnionWith(change.Waiting);
        _waiting.ExceptWith(change.Settled);
        foreach (var operation in change.Operations) _operations.Add(operation);
        foreach (var (job, use) in change.Production) _production.Set(job, use);
        _epochBase = Math.Max(_epochBase, change.EpochBase);
    }

    private async Task Round(IReadOnlyList<Action<LedgerRound>> intents)
    {
        try
        {
            _storage.Require();
            var started = Stopwatch.GetTimestamp();
            var round = new LedgerRound(_ledger, _waiting, _operations, _production);
            foreach (var intent in intents) intent(round);
            var plan = _safeMode.IsOn ? LedgerPlan.None
                : _ledger.Plan(_time.GetUtcNow(), _options.MaxPlacementsPerRound, _options.MaxLooksPerRound);
            var change = round.Conclude(plan);
            _telemetry.Planned(Stopwatch.GetElapsedTime(started), plan);
            if (!change.IsEmpty) await Append(change);
            Follow(change);
            if (change.EpochBase > 0)
            {
                Adopt();
                _ = TakeOver([.. Jobs]);
            }

            foreach (var job in round.Touched.Where(j => !_ledger.Knows(j))) _claims.Forget(job);
            _outbox.Add(round.Answer(plan.Reservations));
            _outbox.Add(plan.Preemptions);
            _outbox.Repeat(round.Repeated);
            if (plan.HasMore) _ = _inbox.Post(static _ => { });
            if (_journal.WantsSnapshot) Compact();
            foreach (var copy in _wantedCopies) copy.SetResult(Capture());
            _wantedCopies.Clear();
        }
        catch (Exception e)
        {
            // The ledger in memory counts what was perhaps never written: it must not decide anything again.
            LogBroken(e);
            foreach (var copy in _wantedCopies) copy.SetException(e);
            if (_storage.Explain(e) is { } outage)
            {
                this.WaitFor(_storage);
                throw outage;
            }

            DeactivateOnIdle();
            throw;
        }
    }

    /// <summary>
    /// Only the image is made in the ledger's turn: the snapshot of 10,000 nodes with 100,000 tasks takes another half second.
    /// </summary>
    private void Compact() => _journal.CompactInBackground(Capture(), _journal.LastNumber, _logger);

    private Func<LedgerChange> Capture()
    {
        var (image, waiting, operations, epochBase) = (_ledger.Capture(), _waiting.ToArray(), _operations.All.ToArray(), _epochBase);
        JobUse[] production = [.. _production.Uses.Select(use => new JobUse(use.Key, use.Value))];
        return () => LedgerChange.Everything(image.Restore(), waiting, operations, production, epochBase);
    }

    private async Task Append(LedgerChange change)
    {
        var started = Stopwatch.GetTimestamp();
        await _journal.Append(change);
        _telemetry.Appended(Stopwatch.GetElapsedTime(started));
    }

    private void GiveBack(JobKey job, ImmutableArray<AttemptRef> unwanted) =>
        _ = _inbox.Post(round => round.Settle(new JobClaim { Job = job, Released = unwanted }));

    /// <summary>
    /// A new owner knows what is held but not what is wanted: it asks. Until a job has answered, what it holds stays held.
    /// </summary>
    private async Task TakeOver(List<JobKey> jobs)
    {
        foreach (var some in jobs.Chunk(TakeoverWidth))
        {
            await Task.WhenAll(some.Select(async job =>
            {
                try
                {
                    await GrainFactory.GetGrain<IJobGrain>(job.ToString()).LedgerChanged(Epoch, _stopped.Token);
                }
                catch (Exception e)
                {
                    // The job tells the ledger everything when it is activated, and the index sees to that.
                    LogTakeoverFailed(job, e);
                }
            }));
        }
    }

    private void Alarm()
    {
        LogMassLoss(_guard.Recent, _ledger.NodeCount);
        _events.Add([new EventView
        {
            At = _time.GetUtcNow(),
            Kind = "cell",
            Status = "MASS-LOSS",
            Message = $"{_guard.Recent} of {_ledger.NodeCount} nodes were lost at once: their tasks are replaced slowly.",
        }]);
    }

    private void Observe() => _telemetry.Observe(LedgerFigures.Of(_ledger));

    private Task SweepNodes(CancellationToken cancellationToken)
    {
        Observe();
        AskAdmitted();

        // Some things only time brings about: who has waited long gets a node kept free or others stopped, and promises expire.
        if (_ledger.Pending + _ledger.Promised + _ledger.Held > 0) _ = _inbox.Post(static _ => { });
        _sweep = (_sweep + 1) % SweepParts;
        var index = 0;
        foreach (var node in _ledger.Nodes())
        {
            if (index++ % SweepParts == _sweep) GrainFactory.GetGrain<INodeGrain>(node.Description.Id).Wake(cancellationToken).Ignore();
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ledger epoch {Epoch}: {Placed} attempts hold resources, {Waiting} jobs wait")]
    private partial void LogRecovered(long epoch, int placed, int waiting);

    [LoggerMessage(Level = LogLevel.Error, Message = "The ledger could not finish a round and starts again from its journal")]
    private partial void LogBroken(Exception exception);

    [LoggerMessage(Level = LogLevel.Error,
        Message = "{Lost} of {Nodes} nodes were lost at once, so something else must be wrong: their tasks are replaced slowly")]
    private partial void LogMassLoss(int lost, int nodes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not be asked for its demand")]
    private partial void LogTakeoverFailed(JobKey job, Exception exception);
}
