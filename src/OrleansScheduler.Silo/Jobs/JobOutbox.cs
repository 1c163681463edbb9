using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Carries out what a job decided, until it is done: claims to the ledger, commands to nodes. Everything it sends may be sent twice.
/// </summary>
/// <remarks>
/// One message per ledger, per node and per sweep, whatever the number of tasks. What fails is kept and tried again with back-off; what
/// an agent does not answer is sent again by <see cref="Resend"/>.
/// </remarks>
internal sealed partial class JobOutbox : IDisposable
{
    private static readonly TimeSpan MinBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(5);

    private readonly JobState _state;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _time;
    private readonly ILogger<JobOutbox> _logger;
    private readonly Func<PlacementBatch, CancellationToken, Task<ImmutableArray<AttemptRef>>> _place;
    private readonly Action<string, ImmutableArray<AttemptRef>> _gone;
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopped;
    private readonly Dictionary<string, Dictionary<AttemptRef, ScheduledTask>> _launches = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<AttemptRef>> _kills = new(StringComparer.Ordinal);
    private readonly HashSet<AttemptRef> _released = [];
    private bool _demandChanged;
    private bool _full;
    private bool _running;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _ledgerEpoch;
    private long _knownEpoch;
    private long _claims;

    /// <summary>What the last claim failed of: it is tried many times a second, and said once.</summary>
    private string? _claimFailure;

    /// <param name="state">The job.</param>
    /// <param name="grains">Whom to send to.</param>
    /// <param name="time">The clock of back-off.</param>
    /// <param name="place">Takes nodes that the ledger gave; answers, once that is durable, the attempts that do not want theirs.</param>
    /// <param name="gone">Told of attempts that a node will never start.</param>
    /// <param name="logger">The log.</param>
    public JobOutbox(
        JobState state, IGrainFactory grains, TimeProvider time,
        Func<PlacementBatch, CancellationToken, Task<ImmutableArray<AttemptRef>>> place, Action<string, ImmutableArray<AttemptRef>> gone,
        ILogger<JobOutbox> logger)
    {
        (_state, _grains, _time, _place, _gone, _logger) = (state, grains, time, place, gone, logger);
        _stopped = _stop.Token;
    }

    /// <summary>Which owner of the job this is, for the order of its claims.</summary>
    public long Owner { get; set; }

    /// <summary>Trace context of the last request, for the launches that it leads to; null when the job has come to rest since.</summary>
    public string? TraceParent { get; set; }

    /// <summary>What the job is about to count against production quotas, beside what it counts already.</summary>
    public List<Resources> Admitted { get; } = [];

    /// <summary>
    /// What agents check commands against. A placement by an earlier ledger is good as soon as the later one has been told of it.
    /// </summary>
    private long Epoch => Math.Max(_state.Header.LedgerEpoch, _ledgerEpoch);

    /// <summary>Whether everybody has been told everything.</summary>
    public bool IsEmpty => !_running && !HasWork;

    private bool HasWork => _full || _demandChanged || _released.Count > 0 || _launches.Count > 0 || _kills.Count > 0;

    /// <summary>After an activation: nobody knows what the last one had already sent.</summary>
    public void Resume()
    {
        _full = true;
        _knownEpoch = _state.Header.LedgerEpoch;
        Resend(DateTimeOffset.MaxValue);
    }

    /// <summary>A ledger with another epoch owns the reservations now: it is told everything.</summary>
    public void LedgerChanged(long epoch)
    {
        if (epoch <= _ledgerEpoch) return;
        _knownEpoch = Math.Max(_knownEpoch, epoch);
        _full = true;
        _news.TrySetResult();
        Start();
    }

    /// <summary>Takes over what a durable decision asks for.</summary>
    public void Add(JobDecision decision)
    {
        foreach (var task in decision.Launches) AddLaunch(task);
        foreach (var task in decision.Kills) AddKill(task);
        _released.UnionWith(decision.Released);
        _demandChanged |= decision.DemandChanged;
        if (HasWork) _news.TrySetResult();
        Start();
    }

    /// <summary>
    /// Sends again what agents have not answered since <paramref name="before"/>, and asks nodes that were lost by then whether they are
    /// back: the word of their loss may have been the later one to arrive.
    /// </summary>
    public void Resend(DateTimeOffset before)
    {
        HashSet<string>? lost = null;
        foreach (var task in _state.Tasks.Values.Where(t => t.Since <= before))
        {
            if (task.Status == ScheduleStatus.Assigned) AddLaunch(task);
            else if (task.Status.IsStopping()) AddKill(task);
            else if (task.Status == ScheduleStatus.Partitioned) (lost ??= new(StringComparer.Ordinal)).Add(task.Node!);
        }

        // Who does not hear of it is asked again the next time.
        foreach (var node in lost ?? []) _grains.GetGrain<INodeGrain>(node).Reconcile(_stopped).Ignore();
        Start();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private void AddLaunch(ScheduledTask task)
    {
        if (!_launches.TryGetValue(task.Node!, out var tasks)) _launches[task.Node!] = tasks = [];
        tasks[task.Ref] = task;
    }

    private void AddKill(ScheduledTask task)
    {
        if (!_kills.TryGetValue(task.Node!, out var tasks)) _kills[task.Node!] = tasks = [];
        tasks.Add(task.Ref);
    }

    private void Start()
    {
        if (_running || !HasWork || _stopped.IsCancellationRequested) return;
        _running = true;
        _ = Run();
    }

    private async Task Run()
    {
        var backoff = MinBackoff;
        while (HasWork && !_stopped.IsCancellationRequested)
        {
            var claim = Settle();
            var launches = Take(_launches).Select(l => Launch(l.Key, l.Value));
            var kills = Take(_kills).Select(k => Kill(k.Key, k.Value));
            var done = await Task.WhenAll([claim, .. launches, .. kills]);
            if (done.All(ok => ok))
            {
                backoff = MinBackoff;
                continue;
            }

            try
            {
                await Task.Delay(MinBackoff, _time, _stopped);
                backoff = await NewsWithin(backoff - MinBackoff) ? MinBackoff : backoff * 2 < MaxBackoff ? backoff * 2 : MaxBackoff;
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        _running = false;
    }

    /// <summary>
    /// Waits, but not longer than until something happens: what failed may well go now, as when a node that lost its session is back.
    /// </summary>
    private async Task<bool> NewsWithin(TimeSpan wait)
    {
        if (wait > TimeSpan.Zero) await Task.WhenAny(_news.Task, Task.Delay(wait, _time, _stopped));
        _stopped.ThrowIfCancellationRequested();
        if (!_news.Task.IsCompleted) return false;
        _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    private static List<KeyValuePair<string, T>> Take<T>(Dictionary<string, T> waiting)
    {
        var taken = waiting.ToList();
        waiting.Clear();
        return taken;
    }

    private async Task<bool> Settle()
    {
        var (full, demandChanged, released) = (_full, _demandChanged || _full, _released.ToImmutableArray());
        if (!demandChanged && released.IsEmpty) return true;
        (_full, _demandChanged) = (false, false);
        _released.Clear();
        try
        {
            var answer = await _grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Settle(new JobClaim
            {
                Job = _state.Key,
                Demands = demandChanged ? JobDescription.Demands(_state) : null,
                Released = released,
                Holding = full ? JobDescription.Holding(_state) : null,
                Stamp = new ClaimStamp(_knownEpoch, Owner, ++_claims),
                TakesPlacements = true,
                Production = Admitted.Aggregate(ProductionUse.Of(_state), (sum, use) => ProductionUse.Larger(sum, use)),
            }, _stopped);
            _claimFailure = null;
            if (!answer.Taken)
            {
                // Made for another owner of the ledger, at once again for this one; or late, which the back-off cures.
                _full = true;
                _released.UnionWith(released);
                var isNew = answer.Epoch > _knownEpoch;
                _knownEpoch = Math.Max(_knownEpoch, answer.Epoch);
                return isNew;
            }

            if (answer.Epoch > _ledgerEpoch && !full && _ledgerEpoch != 0) _full = true;
            _ledgerEpoch = Math.Max(_ledgerEpoch, answer.Epoch);
            _knownEpoch = Math.Max(_knownEpoch, answer.Epoch);
            if (!answer.Placements.IsDefaultOrEmpty)
                _released.UnionWith(await _place(new PlacementBatch(_state.Key, answer.Epoch, answer.Placements), _stopped));
            return true;
        }
        catch (Exception e) when (!_stopped.IsCancellationRequested)
        {
            // Nobody knows whether it arrived. All of it may be said again, and everything when nodes may have been given: the ledger
            // repeats those only then.
            var mayBePlaced = demandChanged && e is not ClaimRefusedException;
            (_full, _demandChanged) = (_full || full || mayBePlaced, _demandChanged || demandChanged);
            _released.UnionWith(released);
            if (e is ClaimRefusedException) LogClaimRefused(_state.Key, e.Message);
            else if (e.Message != _claimFailure) LogClaimFailed(_state.Key, e);
            _claimFailure = e.Message;
            return false;
        }
        catch (Exception)
        {
            return true;
        }
    }

    private async Task<bool> Launch(string node, Dictionary<AttemptRef, ScheduledTask> tasks)
    {
        var current = tasks.Values.Where(t => IsStill(t.Ref, s => s == ScheduleStatus.Assigned)).ToList();
        if (current.Count == 0) return true;
        var batch = new LaunchBatch
        {
            Job = _state.Key,
            LedgerEpoch = Epoch,
            Specs = current.Select(t => t.Version).Distinct().ToImmutableSortedDictionary(v => v, v => _state.SpecOf(v).Task),
            Attempts = [.. current.Select(t => new LaunchAttempt(t.Ref, t.Version, t.Ports)
            {
                Devices = t.Devices,
                Items = t.Items,
                Generation = t.Generation,
                Strict = _state.SpecOf(t.Version).Partition.Strict,
            })],
            TraceParent = TraceParent,
        };
        var sent = await Send(node, async grain =>
        {
            var answer = await grain.Launch(batch, _stopped);
            if (!answer.Gone.IsDefaultOrEmpty) _gone(node, answer.Gone);
            return answer.Sent;
        });
        if (!sent) foreach (var task in current) AddLaunch(task);
        return sent;
    }

    private async Task<bool> Kill(string node, HashSet<AttemptRef> attempts)
    {
        var sent = await Send(node, grain => grain.Kill(new KillBatch(_state.Key, Epoch, [.. attempts]), _stopped));
        if (sent) return true;

        // A stopping task is told again as long as it is stopping; one that is gone for the job is dealt with when its node reports it.
        foreach (var attempt in attempts.Where(a => IsStill(a, s => s.IsStopping()))) AddKill(_state.Tasks[attempt.Instance]);
        return _kills.Count == 0;
    }

    private bool IsStill(AttemptRef attempt, Func<ScheduleStatus, bool> status) =>
        _state.Tasks.TryGetValue(attempt.Instance, out var task) && task.Attempt == attempt.Number && status(task.Status);

    private async Task<bool> Send(string node, Func<INodeGrain, Task<bool>> send)
    {
        try
        {
            return await send(_grains.GetGrain<INodeGrain>(node));
        }
        catch (Exception e) when (!_stopped.IsCancellationRequested)
        {
            LogCommandFailed(_state.Key, node, e);
            return false;
        }
        catch (Exception)
        {
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job} waits for its turn to wait: {Reason}")]
    private partial void LogClaimRefused(JobKey job, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not reach the ledger and tries again")]
    private partial void LogClaimFailed(JobKey job, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Job} could not reach node {Node} and tries again")]
    private partial void LogCommandFailed(JobKey job, string node, Exception exception);
}
