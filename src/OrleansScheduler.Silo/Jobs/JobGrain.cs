using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;

namespace OrleansScheduler.Silo;

/// <summary>Owns one job: takes events in rounds, makes each round's change durable, then carries out what follows.</summary>
[HashBasedPlacement]
internal sealed partial class JobGrain : Grain, IJobGrain, IStateOwner, IDisposable
{
    /// <summary>
    /// Longest time until the clock is looked at again. Timers count real time: what is due in a month must not be late by what the clock
    /// was set meanwhile, and no timer can wait that long.
    /// </summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(1);

    private readonly JobKey _key;
    private readonly JobState _state;
    private readonly NodeLosses _losses = new();
    private readonly Journal<JobChange, JobChange> _journal;
    private readonly Inbox<Action<JobRound>> _inbox;
    private readonly JobOutbox _outbox;
    private readonly JobDependencies _dependencies;
    private readonly JobMaintenance _maintenance;
    private readonly StateCopy _copies;
    private readonly EventOutbox _events;
    private readonly SiloTelemetry _telemetry;
    private readonly MetricReader _metrics;
    private readonly TimeProvider _time;
    private readonly StorageHealth _storage;
    private readonly CellOptions _options;
    private readonly TaskHistoryPolicy _history;
    private readonly SlaSettings _sla;
    private readonly SlaFigures _figures;
    private readonly EndedJobs _ended;
    private readonly ILogger<JobGrain> _logger;
    private readonly Random _random = new();
    private IGrainTimer? _due;
    private IGrainTimer? _resend;
    private bool _inMotion;

    public JobGrain(
        IGrainContext context, IGrainFactory grains, JournalFactory journals, StorageHealth storage, StateCopy copies,
        EventOutbox events, SiloTelemetry telemetry, MetricReader metrics, SlaCoordinators coordinators, SlaFigures figures,
        EndedJobs ended, TimeProvider time, IOptions<CellOptions> options, ILogger<JobGrain> logger, ILogger<JobOutbox> outboxLogger,
        ILogger<JobDependencies> dependencyLogger, ILogger<JobMaintenance> maintenanceLogger)
    {
        _key = JobKey.Parse(context.GrainId.Key.ToString()!);
        _state = new JobState(_key);
        _journal = journals.For<JobChange, JobChange>(context.GrainId);
        _inbox = new Inbox<Action<JobRound>>(Round);
        _outbox = new JobOutbox(_state, grains, time, Place, Gone, outboxLogger);
        _dependencies = new JobDependencies(_state, grains, Hear, dependencyLogger);
        _maintenance = new JobMaintenance(_state, coordinators, Release, time, maintenanceLogger);
        (_storage, _copies, _events, _telemetry, _metrics, _time) = (storage, copies, events, telemetry, metrics, time);
        (_options, _history, _logger) = (options.Value, options.Value.TaskHistory.ToPolicy(), logger);
        (_sla, _figures, _ended) = (options.Value.Maintenance.ToSla(), figures, ended);
    }

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var recovered = await _storage.Open(_journal, cancellationToken);
        if (recovered.Snapshot is { } snapshot) _state.Apply(snapshot);
        foreach (var change in recovered.Entries) _state.Apply(change);
        _outbox.Owner = _journal.Epoch;
        if (!_state.Exists) return;
        _telemetry.TasksLoaded(_state.Tasks.Values);
        BeKnownAgain().Ignore();
        _outbox.Resume();
        _dependencies.Ask();
        _ = Touch();
        if (_state.IsEnded) BeAmongEnded();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _telemetry.TasksUnloaded(_state.Tasks.Values);
        _figures.Remove(_key);
        return Task.CompletedTask;
    }

    public void Dispose() => _outbox.Dispose();

    public async Task<Answer<SubmitReceipt>> Submit(SubmitCommand command, CancellationToken cancellationToken)
    {
        var answer = await Admitted(
            command.OperationId, command.Spec,
            round => round.Submit(command.OperationId, command.Spec, command.ExpectedVersion, command.Actor), cancellationToken);
        if (answer.Problem is null) await BeIndexed();
        return answer;
    }

    public Task<Answer<CommandReceipt>> Scale(ScaleCommand command, CancellationToken cancellationToken)
    {
        return !_state.Exists || command.Instances is < 1 or > JobLimits.MaxInstances
            ? Command(Act)
            : Admitted(command.OperationId, _state.Spec with { Instances = command.Instances }, Act, cancellationToken);

        Answer<CommandReceipt> Act(JobRound round) => round.Scale(command.OperationId, command.Instances, command.Actor);
    }

    public Task<Answer<CommandReceipt>> Restart(InstancesCommand command, CancellationToken cancellationToken) =>
        Command(round => round.Restart(command.OperationId, command.Instances, command.Actor));

    public Task<Answer<CommandReceipt>> Stop(InstancesCommand command, CancellationToken cancellationToken) =>
        Command(round => round.Stop(command.OperationId, command.Instances, command.Actor));

    public Task<Answer<CommandReceipt>> Force(ForceCommand command, CancellationToken cancellationToken) =>
        Command(round => round.Force(command.OperationId, command.Instance, command.Status, command.Actor));

    public Task<Answer<CommandReceipt>> Cron(CronCommand command, CancellationToken cancellationToken) =>
        Command(round => round.Cron(command.OperationId, command.Verb, command.Actor));

    public Task<Answer<UpdateReceipt>> ChangeUpdate(UpdateCommand command, CancellationToken cancellationToken) => Command(
        round => round.ChangeUpdate(command.OperationId, command.Verb, command.Update, command.Message, command.Actor));

    public Task<Answer<SubmitReceipt>> RollbackTo(RollbackCommand command, CancellationToken cancellationToken) =>
        Command(round => round.RollbackTo(command.OperationId, command.To, command.ExpectedVersion, command.Actor));

    public Task<ImmutableArray<UpdateView>> ListUpdates(CancellationToken cancellationToken) =>
        Task.FromResult(UpdateDescription.Updates(_state));

    public Task<ImmutableArray<VersionView>> ListVersions(CancellationToken cancellationToken) =>
        Task.FromResult(UpdateDescription.Versions(_state));

    public Task<JobView?> Describe(CancellationToken cancellationToken)
    {
        if (!_state.Exists && !_beginning) BeAmongEnded();
        return Task.FromResult(_state.Exists ? JobDescription.Describe(_state) : null);
    }

    public Task<Answer<ServiceView>> DescribeService(CancellationToken cancellationToken) =>
        Task.FromResult(ServiceDescription.Describe(_state));

    public Task<ImmutableArray<TaskView>> ListTasks(int fromInstance, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<ImmutableArray<TaskView>>(
            [.. _state.Tasks.Values.Where(t => t.Instance >= fromInstance).Take(limit)
                .Select(t => JobDescription.Describe(_state, t, withHistory: false))]);

    public Task<TaskView?> DescribeTask(int instance, CancellationToken cancellationToken) =>
        Task.FromResult(_state.Tasks.TryGetValue(instance, out var task) ? JobDescription.Describe(_state, task, withHistory: true) : null);

    public Task<ImmutableArray<AttemptRef>> Place(PlacementBatch placements, CancellationToken cancellationToken) => Refuse(
        round => placements.Placements.Where(p => !round.Place(p, placements.LedgerEpoch)).Select(p => p.Attempt), cancellationToken);

    public Task<ImmutableArray<AttemptRef>> Preempt(PreemptBatch victims, CancellationToken cancellationToken) => Refuse(
        round => victims.Victims.Where(v => !round.Preempt(v.Attempt, v.Beneficiary, victims.LedgerEpoch)).Select(v => v.Attempt),
        cancellationToken);

    public async Task<ReportAnswer> Report(NodeReport report, CancellationToken cancellationToken) => new(await Refuse(
        round =>
        {
            foreach (var absent in report.Absent) round.Absent(report.Node, absent);
            return report.Reports.Where(r => !Apply(round, report, r))
                .Select(r => new AttemptRef(r.Attempt.Instance, r.Attempt.Number));
        },
        cancellationToken));

    public Task NodeChanged(NodeNews news, CancellationToken cancellationToken) => Do(round =>
    {
        if (!news.Reachable) round.NodeUnreachable(new NodeLoss(news.Node, news.Generation, news.MayReplace, news.LeaseEnded));
        else if (news.Draining) round.NodeDraining(news.Node);
        return true;
    });

    public async Task<DrainAnswer> Drain(DrainAsk ask, CancellationToken cancellationToken) =>
        _maintenance.Follow(ask, await Do(round => round.Drain(ask, [])));

    public Task<JobSlaView?> DescribeSla(TimeSpan window, CancellationToken cancellationToken) =>
        Task.FromResult(_state.Exists ? SlaMetrics.Describe(_state, window, _time.GetUtcNow()) : null);

    public Task LedgerChanged(long ledgerEpoch, CancellationToken cancellationToken)
    {
        _outbox.LedgerChanged(ledgerEpoch);
        return Task.CompletedTask;
    }

    public Task<DependencyState> Follow(JobKey follower, CancellationToken cancellationToken) =>
        Task.FromResult(_dependencies.Follow(follower));

    public Task DependencyChanged(JobKey job, DependencyState state, CancellationToken cancellationToken) => Hear(job, state);

    public Task<bool> Wake(CancellationToken cancellationToken) => Task.FromResult(_inMotion || _beginning);

    public IAsyncEnumerable<StatePart> CopyState(CancellationToken cancellationToken) =>
        _state.Exists ? _copies.Parts(_journal, Task.FromResult(_state.Snapshot()), cancellationToken) : AsyncEnumerable.Empty<StatePart>();

    public Task<StateCheck> CheckState(CancellationToken cancellationToken) => _journal.Check();

    /// <summary>
    /// Attempt times come from agents' clocks; what the job records is when it learned of it, so that one clock orders its history.
    /// </summary>
    private bool Apply(JobRound round, NodeReport from, AttemptReport report) => round.Report(
        from.Node, from.Generation, new(report.Attempt.Instance, report.Attempt.Number), new TaskEvent(report.Status, _time.GetUtcNow())
        {
            Message = report.Message,
            Sequence = report.Sequence,
            ExitCode = report.ExitCode,
            Signal = report.Signal,
            IsReady = report.IsReady,
        });

    /// <summary>
    /// Does what makes the job count more against production quotas, if the ledger lets it; most jobs count nothing and ask nobody. Until
    /// it is done, claims say what was asked for: the ledger must not take it for given back.
    /// </summary>
    private async Task<Answer<T>> Admitted<T>(
        string operationId, JobSpec spec, Func<JobRound, Answer<T>> act, CancellationToken cancellationToken)
        where T : class
    {
        _storage.Require();
        if (_state.FindOperation(operationId) is not null || ProductionUse.Of(spec).FitsInto(ProductionUse.Of(_state)))
            return await Command(act);
        var use = ProductionUse.After(_state, spec);
        _outbox.Admitted.Add(use);
        try
        {
            if (await Ledger.Admit(_key, use, cancellationToken) is { } insufficient) return insufficient;
            var answer = await Command(act);

            // What was refused here counts as before.
            if (answer.Problem is not null) _ = await Ledger.Admit(_key, ProductionUse.Of(_state), cancellationToken);
            return answer;
        }
        finally
        {
            _outbox.Admitted.Remove(use);
        }
    }

    private IResourceLedgerGrain Ledger => GrainFactory.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id);

    /// <summary>A request of a user: the launches that it leads to belong to its trace.</summary>
    private Task<T> Command<T>(Func<JobRound, T> act)
    {
        var trace = Activity.Current?.Id;
        return Do(round =>
        {
            _outbox.TraceParent = trace;
            return act(round);
        });
    }

    private async Task<T> Do<T>(Func<JobRound, T> act)
    {
        _storage.Require();
        T? result = default;
        await _inbox.Post(round => result = act(round));
        return result!;
    }

    /// <summary>
    /// Takes news, and answers which attempts the job does not want. Those are ended or given back, so who says it makes sure first that
    /// nobody else owns the job by now: the next owner may have made them.
    /// </summary>
    private async Task<ImmutableArray<AttemptRef>> Refuse(
        Func<JobRound, IEnumerable<AttemptRef>> act, CancellationToken cancellationToken)
    {
        var unwanted = await Do(round => act(round).ToImmutableArray());
        if (unwanted.IsEmpty) return unwanted;
        try
        {
            await _journal.Confirm(cancellationToken);
            return unwanted;
        }
        catch (JournalLostException e)
        {
            LogBroken(_key, e);
            DeactivateOnIdle();
            throw;
        }
    }

    private Task<bool> Hear(JobKey job, DependencyState state) => Do(round =>
    {
        round.Hear(job, state);
        return true;
    });

    /// <summary>
    /// The coordinator took its time to say yes: by now the node may be back in service, or be drained anew, and then it is asked anew.
    /// </summary>
    private async Task Release(DrainAsk ask, AttemptRef attempt)
    {
        var node = await GrainFactory.GetGrain<INodeGrain>(ask.Node).DescribeDrain();
        if (node is { Mode: MaintenanceMode.Draining } && node.Deadline == ask.Deadline) await Do(round => round.Drain(ask, [attempt]));
    }

    private void Gone(string node, ImmutableArray<AttemptRef> attempts) => _ = _inbox.Post(round =>
    {
        foreach (var attempt in attempts) round.Gone(node, attempt);
    });

    private Task Touch() => _inbox.Post(static _ => { });

    private async Task Round(IReadOnlyList<Action<JobRound>> acts)
    {
        try
        {
            var round = new JobRound(_state, _losses, _time.GetUtcNow(), _random, _history) { Sla = _sla };
            foreach (var act in acts) act(round);
            var decision = round.Conclude();
            if (decision.Change is { } change)
            {
                _storage.Require();

                // The index comes to know of a new job while that is written: one wait for the storage, not two. Nobody is told of it
                // before both are done. A job of which only the index knows is one that does not exist.
                if (Begins(decision)) BeKnown().Ignore();
                var number = await _journal.Append(change);
                _telemetry.TasksChanged(_state.Tasks, change);
                _state.Apply(change);
                LogChanged(_key, change.Header.Revision, change.Steps.Length);
                if (_journal.WantsSnapshot) _journal.CompactInBackground(_state.Snapshot(), number, _logger);
            }

            Follow(decision);
        }
        catch (Exception e)
        {
            // Whatever was not written did not happen. The next activation starts from what the journal has.
            LogBroken(_key, e);
            TellUnknown(e);
            if (_storage.Explain(e) is { } outage)
            {
                this.WaitFor(_storage);
                throw outage;
            }

            DeactivateOnIdle();
            throw;
        }
    }

    private void Follow(JobDecision decision)
    {
        _outbox.Add(decision);
        if (!decision.InMotion) _outbox.TraceParent = null;   // what happens from now on is no longer the request's doing
        _events.Add(decision.Events);
        if (decision.Change is not null) _dependencies.Changed();
        FollowScale();
        FollowSla();
        if (decision.NextDue is { } due)
        {
            var wait = due - _time.GetUtcNow();
            ScheduleDue(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait < MaxWait ? wait : MaxWait);
        }
        else
        {
            _due?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        _beginning = false;
        if (decision.InMotion == _inMotion) return;
        _inMotion = decision.InMotion;
        if (_inMotion)
        {
            _resend ??= this.RegisterGrainTimer(Resend,
                new GrainTimerCreationOptions(_options.ResendAfter, _options.ResendAfter) { Interleave = true, KeepAlive = true });

            // The index takes a job that is new to it to be in motion.
            if (_state.Header.Revision > 1) _ = JobIndexShard.SetMotion(_key, true);
        }
        else
        {
            _resend?.Dispose();
            _resend = null;
        }
    }

    private void ScheduleDue(TimeSpan wait)
    {
        if (_due is null)
        {
            var once = new GrainTimerCreationOptions(wait, Timeout.InfiniteTimeSpan) { Interleave = true, KeepAlive = true };
            _due = this.RegisterGrainTimer(_ => Touch(), once);
        }
        else
        {
            _due.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private Task Resend(CancellationToken cancellationToken)
    {
        _outbox.Resend(_time.GetUtcNow() - _options.ResendAfter);
        _dependencies.Ask();
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Job {Job} is at revision {Revision}: {Steps} steps")]
    private partial void LogChanged(JobKey job, long revision, int steps);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {Job} could not finish a round and starts again from its journal")]
    private partial void LogBroken(JobKey job, Exception exception);
}
