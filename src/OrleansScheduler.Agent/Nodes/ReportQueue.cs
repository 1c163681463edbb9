using System.Threading.Channels;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>
/// Which attempts the cell has yet to be told about. One message is under way at a time; what changes meanwhile goes into the next, so that
/// batches grow with the load by themselves. An attempt stays until its last report is acknowledged.
/// </summary>
internal sealed class ReportQueue
{
    /// <summary>Most reports in one message, unless it must name every attempt.</summary>
    public const int LargestBatch = 1000;

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(1);
    private readonly AttemptTable _table;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly HashSet<AttemptId> _waiting = [];
    private readonly HashSet<AttemptId> _unanswered = [];
    private readonly Dictionary<AttemptId, long> _underWay = [];
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private DateTimeOffset _retryAt = DateTimeOffset.MaxValue;
    private DateTimeOffset _answerBy;
    private bool _isUnderWay;
    private bool _full;

    public ReportQueue(AttemptTable table, TimeProvider time)
    {
        (_table, _time) = (table, time);
        table.Changed += Enqueue;
    }

    /// <summary>Whether the cell has answered everything it could be told.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock) return !_isUnderWay && _waiting.Count == 0 && _unanswered.Count == 0;
        }
    }

    /// <summary>A session begins by saying everything; that counts as the message under way.</summary>
    public ImmutableArray<Protocol.Report> Begin()
    {
        lock (_lock)
        {
            _full = false;
            _unanswered.Clear();
            return Take(All());
        }
    }

    /// <summary>Has everything said again, since the two sides differ.</summary>
    public void SayEverything()
    {
        lock (_lock) _full = true;
        Nudge();
    }

    /// <summary>The next message; null when one is under way or there is nothing to say.</summary>
    public Protocol.Reports? Next(long generation)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            if (_isUnderWay && now < _answerBy) return null;
            if (_isUnderWay) Settle(now);
            if (now >= _retryAt)
            {
                _waiting.UnionWith(_unanswered);
                _unanswered.Clear();
                _retryAt = DateTimeOffset.MaxValue;
            }

            if (!_full && _waiting.Count == 0) return null;
            var message = new Protocol.Reports { Generation = generation, Full = _full };
            message.Reports_.AddRange(Take(_full ? All() : [.. _waiting.Take(LargestBatch)]));
            _full = false;
            _isUnderWay = message.Full || message.Reports_.Count > 0;
            return _isUnderWay ? message : null;
        }
    }

    /// <summary>The cell has answered the message under way: these reports are durable there.</summary>
    public void Answered(IEnumerable<(AttemptId Attempt, long Sequence)> acknowledged)
    {
        lock (_lock)
        {
            foreach (var (attempt, sequence) in acknowledged)
            {
                if (_underWay.TryGetValue(attempt, out var sent) && sequence >= sent) _underWay.Remove(attempt);
                if (_unanswered.Contains(attempt) && _table.Find(attempt) is { } known
                    && sequence >= known.Record.Sequence)
                    _unanswered.Remove(attempt);
            }

            Settle(_time.GetUtcNow());
        }

        Nudge();
    }

    /// <summary>Has whoever waits look again.</summary>
    public void Nudge() => _signal.Writer.TryWrite(true);

    /// <summary>Completes when there may be something to say.</summary>
    public async Task WaitForWork(CancellationToken cancellationToken) => await _signal.Reader.ReadAsync(cancellationToken);

    private ImmutableArray<AttemptId> All() => [.. _table.All.Where(attempt => attempt.Record.IsReported).Select(attempt => attempt.Id)];

    private void Enqueue(AttemptId attempt)
    {
        lock (_lock) _waiting.Add(attempt);
        Nudge();
    }

    private ImmutableArray<Protocol.Report> Take(ImmutableArray<AttemptId> attempts)
    {
        _underWay.Clear();
        _isUnderWay = true;
        _answerBy = _time.GetUtcNow() + AnswerTime;
        var reports = ImmutableArray.CreateBuilder<Protocol.Report>(attempts.Length);
        foreach (var id in attempts)
        {
            _waiting.Remove(id);
            if (_table.Find(id) is not { Record.IsReported: true } attempt) continue;
            var report = attempt.ToReport();
            _underWay[id] = report.Sequence;
            reports.Add(report);
        }

        return reports.ToImmutable();
    }

    // What was not acknowledged is said again a little later: the job that it concerns may be moving between silos.
    private void Settle(DateTimeOffset now)
    {
        _isUnderWay = false;
        if (_underWay.Count == 0) return;
        _unanswered.UnionWith(_underWay.Keys);
        _underWay.Clear();
        if (_retryAt == DateTimeOffset.MaxValue) _retryAt = now + RetryTime;
    }
}
