using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>
/// Owns one node: hands jobs' commands to its agent and the agent's news to the jobs, notices when it falls silent, and keeps its
/// maintenance mode.
/// </summary>
[HashBasedPlacement]
[SuppressMessage("Design", "CA1001", Justification = "Semaphore and source, of which nobody asks for a handle, hold nothing.")]
internal sealed partial class NodeGrain(
    [PersistentState(NodeRecord.StateName)] IPersistentState<NodeRecord> record, IGrainContext context, StateCopy copies,
    IOptions<CellOptions> options, SiloAuthority authority, SafeMode safeMode, EventOutbox events, StorageHealth health,
    IGrainStorage storage, IClusterMembershipService membership, TimeProvider time, ILogger<NodeGrain> logger)
    : Grain, INodeGrain, IStateOwner
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RepeatPeriod = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a session may take to take commands over. It only puts them into its queue, so later its gateway cannot be reached, and
    /// whoever sent them has others to send to.
    /// </summary>
    private static readonly TimeSpan DeliveryDeadline = TimeSpan.FromSeconds(3);
    private const int ReportWidth = 16;
    private const int MostAdoptedShown = 1000;

    private readonly string _id = context.GrainId.Key.ToString()!;
    private readonly NodeAttempts _attempts = new();
    private readonly SortedSet<AttemptId> _adopted = [];
    private readonly LeaseTerms _terms = new(options.Value.Lease);

    // Held by whoever changes the record. A look around comes in between turns: a session that ends and one that begins must not mix.
    private readonly SemaphoreSlim _changes = new(1, 1);
    private IAgentSession? _session;

    // What the session was told when it began, until it is heard: a gateway that asks again for the same one has not heard the answer.
    private RegisterReceipt? _receipt;
    private CancellationTokenSource _sessionEnd = new();
    private long _activated;
    private long _lastHeard;
    private long _lastGrant;
    private long _lastNews;
    private NodeNews? _news;
    private bool _reachable;
    private bool _mayReplace;
    private bool _granted;
    private NodeCondition? _told;

    private IResourceLedgerGrain Ledger => GrainFactory.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (record.State.Description is not null) Watch();
        _activated = _lastHeard = _lastGrant = time.GetTimestamp();

        // Innocent until silent for too long.
        _reachable = record.State.Description is not null && record.State.Generation > record.State.Lost;
        return Task.CompletedTask;
    }

    public async Task<Answer<RegisterReceipt>> Register(
        NodeDescription description, ImmutableArray<AttemptReport> attempts, long ledgerEpoch, IAgentSession session,
        CancellationToken cancellationToken)
    {
        if (description.Id != _id)
            return Problem.Of(ProblemKind.Invalid, "node-id", $"The agent says that it is {description.Id}, not {_id}.");
        if (IsAnothers(description))
        {
            return Problem.Of(ProblemKind.Conflict, "node-id-in-use",
                $"Node {_id} has another agent, on {record.State.Description!.Host}. Give this one another Agent:NodeId, or stop that one "
                + "and wait until its tasks count as lost.");
        }

        health.Require();
        if (ledgerEpoch > 0) await CheckStore(ledgerEpoch, cancellationToken);
        await _changes.WaitAsync(cancellationToken);
        try
        {
            return _receipt is { } told && session.Equals(_session)
                ? told with { Lease = Grant() }
                : await Begin(description, attempts, session, cancellationToken);
        }
        finally
        {
            _changes.Release();
        }
    }

    private async Task<Answer<RegisterReceipt>> Begin(
        NodeDescription description, ImmutableArray<AttemptReport> attempts, IAgentSession session, CancellationToken cancellationToken)
    {
        var first = record.State.Description is null;
        var wasShort = record.State.Description is { DiskPressure: true };
        var previous = _session;
        record.State.Description = description;
        record.State.Generation++;
        await record.WriteStateAsync(cancellationToken);

        // From here on the older session's generation is refused everywhere; closing it is a courtesy. It is the same one when the first
        // question of its gateway has failed.
        if (previous is not null && !previous.Equals(session))
            previous.Close($"Node {_id} has registered again as generation {record.State.Generation}.").Ignore();
        Talk(session);
        (_mayReplace, _granted) = (false, false);
        Heard();
        if (first) Watch();
        LogRegistered(_id, record.State.Generation, attempts.Length);
        Publish("REGISTERED", $"Generation {record.State.Generation}");
        if (description.DiskPressure != wasShort) PublishPressure(description.DiskPressure, message: null);

        var lease = Grant();
        var (acks, unknown) = await Pass(attempts, full: true, cancellationToken);
        await TellLedger(reachable: true, cancellationToken);
        Heard();   // it could not say anything meanwhile
        return _receipt = new RegisterReceipt(record.State.Generation, acks, unknown, lease);
    }

    public Task<HeartbeatAnswer> Heartbeat(long generation, ulong digest, CancellationToken cancellationToken)
    {
        if (!IsCurrent(generation)) return Task.FromResult(new HeartbeatAnswer(Known: false, InSync: false));
        _receipt = null;
        Heard();
        return Task.FromResult(new HeartbeatAnswer(Known: true, InSync: _reachable && _attempts.IsComplete && _attempts.Agrees(digest),
            Grant()));
    }

    public async Task<ImmutableArray<AttemptAck>> Report(
        long generation, ImmutableArray<AttemptReport> reports, bool full, CancellationToken cancellationToken)
    {
        if (!IsCurrent(generation)) return [];
        _receipt = null;
        Heard();
        var (acks, unknown) = await Pass(reports, full, cancellationToken);
        if (!unknown.IsEmpty && _session is { } session)
            await session.Deliver(new NodeCommands { Generation = record.State.Generation, Unknown = unknown });
        return acks;
    }

    public Task Disconnect(long generation, CancellationToken cancellationToken)
    {
        if (!IsCurrent(generation)) return Task.CompletedTask;
        Talk(null);   // silence is measured from the last word, so a quick reconnect costs nothing
        LogDisconnected(_id, generation);
        return Task.CompletedTask;
    }

    public async Task<LaunchAnswer> Launch(LaunchBatch batch, CancellationToken cancellationToken)
    {
        // An agent gives strict attempts up that it cannot start under a lease at once.
        if (!HasLease && batch.Attempts.Any(a => a.Strict)) return new LaunchAnswer(Sent: false, []);
        ImmutableArray<AttemptRef> gone = [];
        if (record.State.Lost > 0 && batch.Attempts.Any(a => a.Generation <= record.State.Lost))
        {
            // The agent may have them from before the loss: only its full word tells.
            if (!_attempts.IsComplete) return new LaunchAnswer(Sent: false, []);
            var late = batch.Attempts.Where(a => a.Generation <= record.State.Lost).ToList();
            gone = [.. late.Select(a => a.Ref).Where(a => !_attempts.Contains(a.Of(batch.Job)))];
            batch = batch with { Attempts = [.. batch.Attempts.Except(late)] };
            if (batch.Attempts.IsEmpty) return new LaunchAnswer(Sent: true, gone);
        }

        return new LaunchAnswer(await Deliver(new NodeCommands { Generation = record.State.Generation, Launches = [batch] }), gone);
    }

    public Task<bool> Kill(KillBatch batch, CancellationToken cancellationToken) =>
        safeMode.IsOn ? Task.FromResult(false) : Deliver(new NodeCommands { Generation = record.State.Generation, Kills = [batch] });

    public async Task<NodeView?> Describe(CancellationToken cancellationToken)
    {
        if (record.State.Description is null) return null;
        var nodes = await Ledger.ListNodes(cancellationToken);
        var view = nodes.FirstOrDefault(n => n.Description.Id == _id) ?? new NodeView
        {
            Description = record.State.Description,
            Status = _reachable ? "ready" : "unreachable",
            Mode = record.State.Mode,
            Generation = record.State.Generation,
            DiskPressure = record.State.Description.DiskPressure,
        };
        return view with { Adopted = [.. _adopted.Take(MostAdoptedShown)], Use = Usage?.Node };
    }

    public Task<string?> ReadHost(CancellationToken cancellationToken) => Task.FromResult(record.State.Description?.Host);

    public async Task<Answer<LogChunk>> ReadLog(AttemptId attempt, LogQuery query, CancellationToken cancellationToken)
    {
        if (_session is not { } session)
            return Problem.Of(ProblemKind.Unavailable, "node-unreachable",
                $"Node {_id}, which has the output of {attempt}, cannot be reached just now.");
        return await session.ReadLog(attempt, query);
    }

    public async Task<Answer<FilePiece>> ReadFile(AttemptId attempt, FileQuery query, CancellationToken cancellationToken) =>
        _session is { } session ? await session.ReadFile(attempt, query) : Unreachable(attempt);

    public async Task<Answer<ExecAnswer>> Exec(AttemptId attempt, ExecRequest request, CancellationToken cancellationToken) =>
        _session is { } session ? await session.Exec(attempt, request) : Unreachable(attempt);

    private Problem Unreachable(AttemptId attempt) => Problem.Of(
        ProblemKind.Unavailable, "node-unreachable", $"Node {_id}, which has {attempt}, cannot be reached just now.");

    public Task Wake(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task Reconcile(CancellationToken cancellationToken)
    {
        // The digests differ now, so the agent says everything. Until it has, it is on its way.
        if (_reachable && _attempts.IsComplete) _attempts.Clear();
        return Task.CompletedTask;
    }

    public IAsyncEnumerable<StatePart> CopyState(CancellationToken cancellationToken) => copies.Parts(record).ToAsyncEnumerable();

    public Task<StateCheck> CheckState(CancellationToken cancellationToken) =>
        copies.Check(NodeRecord.StateName, context.GrainId, record, cancellationToken);

    private bool IsCurrent(long generation) => _session is not null && generation == record.State.Generation;

    private void Heard() => _lastHeard = time.GetTimestamp();

    /// <summary>The session from now on. What is on its way to the one before is sent again, and not waited for.</summary>
    private void Talk(IAgentSession? session)
    {
        var end = _sessionEnd;
        (_session, _receipt, _sessionEnd) = (session, null, new CancellationTokenSource());
        end.Cancel();
    }

    private void Watch() =>
        this.RegisterGrainTimer(LookAround,
            new GrainTimerCreationOptions(WatchPeriod, WatchPeriod) { Interleave = true, KeepAlive = true });

    private async Task<bool> Deliver(NodeCommands commands)
    {
        if (_session is not { } session) return false;
        try
        {
            await session.Deliver(commands).WaitAsync(DeliveryDeadline, time, _sessionEnd.Token);
            return true;
        }
        catch (Exception e)
        {
            LogDeliveryFailed(_id, e);
            return false;
        }
    }

    /// <summary>
    /// Hands reports to their jobs, one message a job. What a job could not be told is not acknowledged, so the agent says it again.
    /// </summary>
    private async Task<(ImmutableArray<AttemptAck> Acks, ImmutableArray<AttemptId> Unknown)> Pass(
        ImmutableArray<AttemptReport> reports, bool full, CancellationToken cancellationToken)
    {
        if (full)
        {
            _attempts.Clear();
            _adopted.Clear();
        }

        var generation = record.State.Generation;
        var byJob = reports.GroupBy(r => r.Attempt.Job)
            .ToDictionary(g => g.Key, g => new NodeReport { Node = _id, Generation = generation, Reports = [.. g] });
        if (full)
        {
            var present = reports.Select(r => r.Attempt).ToHashSet();
            foreach (var held in await Ledger.HeldOn(_id, cancellationToken))
            {
                var absent = held.Attempts.Where(a => !present.Contains(a.Of(held.Job))).ToImmutableArray();
                if (absent.IsEmpty) continue;
                byJob[held.Job] = byJob.GetValueOrDefault(held.Job, new NodeReport { Node = _id, Generation = generation })
                    with
                { Absent = absent };
            }
        }

        var acks = ImmutableArray.CreateBuilder<AttemptAck>(reports.Length);
        var unknown = ImmutableArray.CreateBuilder<AttemptId>();
        var failed = false;
        foreach (var some in byJob.Chunk(ReportWidth)) await Task.WhenAll(some.Select(Tell));
        if (full) _attempts.IsComplete = !failed;
        return (acks.ToImmutable(), unknown.ToImmutable());

        async Task Tell(KeyValuePair<JobKey, NodeReport> news)
        {
            try
            {
                var answer = await GrainFactory.GetGrain<IJobGrain>(news.Key.ToString()).Report(news.Value, cancellationToken);
                foreach (var report in news.Value.Reports)
                {
                    _attempts.Set(report);
                    acks.Add(new AttemptAck(report.Attempt, report.Sequence));
                }

                foreach (var attempt in answer.Unknown.Select(a => a.Of(news.Key)))
                {
                    if (safeMode.SparesUnknown)
                    {
                        _adopted.Add(attempt);
                        continue;
                    }

                    _attempts.Remove(attempt);
                    unknown.Add(attempt);
                }
            }
            catch (Exception e)
            {
                failed = true;
                LogReportFailed(_id, news.Key, e);
            }
        }
    }

    private NodeCondition? Condition(bool reachable) =>
        record.State.Description is { } description
            ? new(Lending(description), record.State.Generation, reachable, record.State.Mode)
            : null;

    private async Task TellLedger(bool reachable, CancellationToken cancellationToken)
    {
        _reachable = reachable;
        var condition = Condition(reachable)!;
        await Ledger.NodeChanged(condition, cancellationToken);
        _told = condition;
    }

    private async Task TellJobs(NodeNews news, CancellationToken cancellationToken)
    {
        _lastNews = time.GetTimestamp();
        foreach (var some in (await Ledger.HeldOn(_id, cancellationToken)).Chunk(ReportWidth))
        {
            if (!news.Reachable && news.Generation < record.State.Generation) return;   // it has come back meanwhile
            await Task.WhenAll(some.Select(h => GrainFactory.GetGrain<IJobGrain>(h.Job.ToString()).NodeChanged(news, cancellationToken)));
        }
    }

    private void Publish(string status, string? message) =>
        events.Add([new EventView { At = time.GetUtcNow(), Kind = "node", Node = _id, Status = status, Message = message }]);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} registered as generation {Generation} with {Attempts} attempts")]
    private partial void LogRegistered(string node, long generation, int attempts);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} lost session {Generation}")]
    private partial void LogDisconnected(string node, long generation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} could not be sent commands")]
    private partial void LogDeliveryFailed(string node, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Node {Node} could not tell job {Job} what became of its attempts; the agent says it again")]
    private partial void LogReportFailed(string node, JobKey job, Exception exception);
}
