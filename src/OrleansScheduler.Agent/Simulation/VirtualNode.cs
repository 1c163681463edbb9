using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>
/// What an agent knows and decides, for a node that only exists in memory: the same refusals, sequences, repeats and digest as a real one,
/// with tasks that are entries in a <see cref="TimerWheel"/>. No input or output; safe for concurrent use.
/// </summary>
internal sealed class VirtualNode(
    int index, NodeDescription description, SimulatedJobs jobs, VirtualTaskModel model, TimerWheel wheel, TimeProvider time)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(1);
    private const int ToleratedDifferences = 3;

    private readonly Lock _lock = new();
    private readonly Dictionary<(SimulatedJob Job, int Instance, int Number), VirtualAttempt> _known = [];
    private readonly Queue<VirtualAttempt> _waiting = [];
    private readonly List<VirtualAttempt> _underWay = [];
    private readonly List<VirtualAttempt> _unanswered = [];
    private ulong _digest;
    private long _generation;
    private long _ledgerEpoch;
    private long _answerBy;
    private long _retryAt = long.MaxValue;
    private int _differences;
    private bool _isUnderWay;
    private bool _full;
    private TimeSpan _beatPeriod;
    private bool _isOpen;
    private bool _beatIsPlanned;
    private bool _beatIsDue;
    private bool _wasIdle;

    /// <summary>What the node says about itself.</summary>
    public NodeDescription Description => description;

    /// <summary>Told when there is something to send. Must only take a note.</summary>
    public Action? Changed { get; set; }

    /// <summary>Attempts that the node knows.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _known.Count;
        }
    }

    /// <summary>A session begins by saying everything; that counts as the message under way.</summary>
    public Protocol.Register Register()
    {
        lock (_lock)
        {
            _full = false;
            _unanswered.Clear();
            return description.ToRegister(Take(_known.Values.ToList()), _ledgerEpoch);
        }
    }

    /// <summary>The cell has taken the registration.</summary>
    public void Begin(Protocol.Registered registered)
    {
        lock (_lock)
        {
            _generation = registered.Generation;
            _differences = 0;
            _beatPeriod = TimeSpan.FromMilliseconds(
                Math.Clamp(registered.HeartbeatMillis == 0 ? 1000 : registered.HeartbeatMillis, 50, 30_000));
            _isOpen = true;
            PlanBeat();
            Settle(registered.Acks);
            Forget(registered.Unknown);
        }
    }

    /// <summary>The session is over; tasks run on.</summary>
    public void Leave()
    {
        lock (_lock) _isOpen = false;
    }

    /// <summary>How long the cell may say nothing before the session counts as broken.</summary>
    public TimeSpan Silence => TimeSpan.FromTicks(Math.Max(TimeSpan.FromSeconds(10).Ticks, 5 * _beatPeriod.Ticks));

    /// <summary>The next thing to say; null when there is nothing just now.</summary>
    public Protocol.FromAgent? Next()
    {
        lock (_lock)
        {
            if (_beatIsDue)
            {
                _beatIsDue = false;
                _wasIdle = !_isUnderWay && _waiting.Count == 0 && _unanswered.Count == 0;
                return new() { Heartbeat = new() { Generation = _generation, Digest = _digest } };
            }

            return NextReports() is { } reports ? new() { Reports = reports } : null;
        }
    }

    /// <summary>Takes what the cell said; false when the session is over.</summary>
    public bool Hear(Protocol.ToAgent message)
    {
        lock (_lock)
        {
            switch (message)
            {
                case { Acks: { } acks }: Settle(acks.Acks_); break;
                case { Commands: { } commands }: Obey(commands); break;
                case { HeartbeatReply: { Known: false } }: return false;
                case { HeartbeatReply: { } reply }: Compare(reply.InSync); break;
                default: break;
            }
        }

        Changed?.Invoke();
        return true;
    }

    /// <summary>Something of an attempt is due.</summary>
    public void Wake(VirtualAttempt? attempt)
    {
        lock (_lock)
        {
            if (attempt is null) Beat();
            else if (attempt.Status == Protocol.Status.Starting) Run(attempt);
            else if (attempt.Status == Protocol.Status.Running)
                End(attempt, attempt.IsToFail ? Protocol.Status.Failed : Protocol.Status.Finished, "");
        }

        Changed?.Invoke();
    }

    private void Beat()
    {
        _beatIsPlanned = false;
        if (!_isOpen) return;
        _beatIsDue = true;
        PlanBeat();
    }

    private void PlanBeat()
    {
        if (_beatIsPlanned) return;
        _beatIsPlanned = true;
        wheel.Add(_beatPeriod, this, reason: null);
    }

    private void Obey(Protocol.Commands commands)
    {
        if (commands.Generation < _generation)
        {
            jobs.Refused(commands.Launches.Sum(launch => launch.Attempts.Count) + commands.Kills.Sum(kill => kill.Attempts.Count));
            return;
        }

        foreach (var launch in commands.Launches)
        {
            if (!IsCurrent(launch.LedgerEpoch, launch.Attempts.Count)) continue;
            var job = jobs.Of(launch.Job);
            foreach (var attempt in launch.Attempts) Launch(job, attempt.Instance, attempt.Number);
        }

        foreach (var kill in commands.Kills)
        {
            if (!IsCurrent(kill.LedgerEpoch, kill.Attempts.Count)) continue;
            var job = jobs.Of(kill.Job);
            foreach (var attempt in kill.Attempts) Kill(job, attempt.Instance, attempt.Number);
        }

        Forget(commands.Unknown);
    }

    private bool IsCurrent(long epoch, int count)
    {
        if (epoch < _ledgerEpoch)
        {
            jobs.Refused(count);
            return false;
        }

        _ledgerEpoch = epoch;
        return true;
    }

    private void Launch(SimulatedJob job, int instance, int number)
    {
        if (_known.TryGetValue((job, instance, number), out var known))
        {
            Enqueue(known);
            return;
        }

        if (!job.Accept(index, instance, number))
        {
            jobs.Refused(1);
            return;
        }

        var attempt = Add(job, instance, number);
        if (model.StartDelay == TimeSpan.Zero) Run(attempt);
        else wheel.Add(model.StartDelay, this, attempt);
        Enqueue(attempt);
    }

    private VirtualAttempt Add(SimulatedJob job, int instance, int number)
    {
        var attempt = new VirtualAttempt(job, instance, number) { AtUnixMillis = time.GetUtcNow().ToUnixTimeMilliseconds() };
        _known.Add((job, instance, number), attempt);
        _digest += attempt.Share;
        return attempt;
    }

    private void Run(VirtualAttempt attempt)
    {
        var (duration, fails) = model.Of(attempt.Job, attempt.Instance, attempt.Number);
        attempt.IsToFail = fails;
        Change(attempt, Protocol.Status.Running, "");
        attempt.Job.Started(attempt.Instance);
        if (duration is { } wait) wheel.Add(wait, this, attempt);
    }

    private void End(VirtualAttempt attempt, Protocol.Status status, string message)
    {
        var ran = attempt.Status == Protocol.Status.Running;
        Change(attempt, status, message);
        if (ran) attempt.Job.Ended(attempt.Instance, status == Protocol.Status.Finished);
    }

    private void Change(VirtualAttempt attempt, Protocol.Status status, string message)
    {
        _digest -= attempt.Share;
        attempt.Status = status;
        attempt.AtUnixMillis = time.GetUtcNow().ToUnixTimeMilliseconds();
        attempt.Message = message;
        _digest += attempt.Share;
        Enqueue(attempt);
    }

    private void Kill(SimulatedJob job, int instance, int number)
    {
        if (!_known.TryGetValue((job, instance, number), out var attempt))
        {
            // Remembered, so that a launch which comes late does not start it.
            if (!job.Accept(index, instance, number)) return;
            attempt = Add(job, instance, number);
        }

        if (!attempt.IsTerminal) End(attempt, Protocol.Status.Killed, "Its job asked for its end.");
        else Enqueue(attempt);
    }

    private void Forget(IEnumerable<Protocol.Attempt> unknown)
    {
        foreach (var named in unknown)
        {
            if (!_known.TryGetValue((jobs.Of(named.Job), named.Instance, named.Number), out var attempt)) continue;
            if (!attempt.IsTerminal) End(attempt, Protocol.Status.Killed, "No job wants it.");
            Forget(attempt);
        }
    }

    private void Forget(VirtualAttempt attempt)
    {
        if (_known.Remove((attempt.Job, attempt.Instance, attempt.Number))) _digest -= attempt.Share;
    }

    private void Enqueue(VirtualAttempt attempt)
    {
        if (attempt.IsWaiting) return;
        attempt.IsWaiting = true;
        _waiting.Enqueue(attempt);
    }

    private Protocol.Reports? NextReports()
    {
        var now = time.GetTimestamp();
        if (_isUnderWay && now < _answerBy) return null;
        if (_isUnderWay) PutBack(now);
        if (now >= _retryAt)
        {
            foreach (var attempt in _unanswered) Enqueue(attempt);
            _unanswered.Clear();
            _retryAt = long.MaxValue;
        }

        if (!_full && _waiting.Count == 0) return null;
        var message = new Protocol.Reports { Generation = _generation, Full = _full };
        message.Reports_.AddRange(Take(_full ? _known.Values.ToList() : TakeWaiting()));
        _full = false;
        _isUnderWay = message.Full || message.Reports_.Count > 0;
        return _isUnderWay ? message : null;
    }

    private List<VirtualAttempt> TakeWaiting()
    {
        var taken = new List<VirtualAttempt>(Math.Min(_waiting.Count, ReportQueue.LargestBatch));
        while (taken.Count < ReportQueue.LargestBatch && _waiting.TryDequeue(out var attempt)) taken.Add(attempt);
        return taken;
    }

    private List<Protocol.Report> Take(List<VirtualAttempt> attempts)
    {
        foreach (var attempt in _underWay) attempt.UnderWay = 0;
        _underWay.Clear();
        _isUnderWay = true;
        _answerBy = time.GetTimestamp() + (long)(AnswerTime.TotalSeconds * time.TimestampFrequency);
        var reports = new List<Protocol.Report>(attempts.Count);
        foreach (var attempt in attempts)
        {
            attempt.IsWaiting = false;
            if (!_known.ContainsKey((attempt.Job, attempt.Instance, attempt.Number))) continue;
            attempt.UnderWay = attempt.Sequence;
            _underWay.Add(attempt);
            reports.Add(attempt.ToReport());
        }

        return reports;
    }

    /// <summary>The cell has answered the message under way: these reports are durable there.</summary>
    private void Settle(IEnumerable<Protocol.Ack> acks)
    {
        foreach (var ack in acks)
        {
            if (ack.Attempt is not { } named) continue;
            if (!_known.TryGetValue((jobs.Of(named.Job), named.Instance, named.Number), out var attempt)) continue;
            if (ack.Sequence >= attempt.UnderWay) attempt.UnderWay = 0;
            if (ack.Sequence >= 2 && attempt.Status is not (Protocol.Status.Starting or Protocol.Status.Killed))
                attempt.Job.Acknowledged(attempt.Instance, ack.Sequence >= 3 && attempt.Status == Protocol.Status.Finished);
            if (attempt.IsTerminal && ack.Sequence >= attempt.Sequence) Forget(attempt);
        }

        PutBack(time.GetTimestamp());
    }

    // What was not acknowledged is said again a little later: the job that it concerns may be moving between silos.
    private void PutBack(long now)
    {
        _isUnderWay = false;
        foreach (var attempt in _underWay)
        {
            if (attempt.UnderWay > 0) _unanswered.Add(attempt);
            attempt.UnderWay = 0;
        }

        _underWay.Clear();
        if (_unanswered.Count > 0 && _retryAt == long.MaxValue)
            _retryAt = now + (long)(RetryTime.TotalSeconds * time.TimestampFrequency);
    }

    private void Compare(bool inSync)
    {
        _differences = inSync ? 0 : _differences + 1;
        if (inSync || (!_wasIdle && _differences < ToleratedDifferences)) return;
        _differences = 0;
        _full = true;
    }
}
