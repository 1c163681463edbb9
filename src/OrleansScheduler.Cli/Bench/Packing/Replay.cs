using System.Diagnostics;

namespace OrleansScheduler.Cli;

/// <summary>
/// Tasks come and end when they did. Who does not fit waits; whenever something ends or comes, those that fit start in the order in which
/// they came, so that small ones overtake large ones that do not fit. Nothing is kept free for those.
/// </summary>
/// <remarks>With look-ahead, of the 256 that have waited longest the cheapest goes first instead. A task of several pieces starts when all
/// of them fit.</remarks>
internal sealed class Replay
{
    private readonly PackingTrace _trace;
    private readonly PackingScorer _scorer;
    private readonly IPackingRule _rule;
    private readonly PackingCell _cell;
    private readonly PackingTask[] _tasks;
    private readonly ReplayKind?[] _kindOf;
    private readonly List<ReplayKind> _live = [];
    private readonly SortedSet<int> _waiting = [];
    private readonly PriorityQueue<Piece, double> _running = new();
    private readonly HashSet<int> _freed = [];
    private readonly Waits _waits = new();
    private double _now;
    private double _cpuSeconds;
    private double _gpuSeconds;

    private Replay(PackingTrace trace, PackingScorer scorer)
    {
        (_trace, _scorer, _rule) = (trace, scorer, scorer.Create(trace));
        _cell = new(trace, _rule);
        _tasks = [.. trace.Tasks.OrderBy(task => task.ArrivesAt)];
        var kinds = new Dictionary<(int, int), ReplayKind?>();
        _kindOf = new ReplayKind?[_tasks.Length];
        for (var i = 0; i < _tasks.Length; i++)
        {
            var key = (_tasks[i].Shape, _tasks[i].Pieces);
            if (!kinds.TryGetValue(key, out var kind))
            {
                kind = new(trace.Shapes[key.Shape], key.Pieces);
                kinds.Add(key, kind.FitsEmpty(trace) ? kind : kind = null);
            }

            _kindOf[i] = kind;
        }
    }

    /// <summary>One run.</summary>
    public static PackingRow Run(PackingTrace trace, PackingScorer scorer, PackingTest test)
    {
        var replay = new Replay(trace, scorer);
        var start = Stopwatch.GetTimestamp();
        replay.Run();
        return replay.Row(test, Stopwatch.GetElapsedTime(start));
    }

    private void Run()
    {
        _now = _tasks[0].ArrivesAt;
        var next = 0;
        while (next < _tasks.Length || _running.Count > 0)
        {
            var arrival = next < _tasks.Length ? _tasks[next].ArrivesAt : double.PositiveInfinity;
            Advance(_running.TryPeek(out _, out var end) ? Math.Min(end, arrival) : arrival);
            _freed.Clear();
            while (_running.TryPeek(out _, out end) && end <= _now) End(_running.Dequeue());
            foreach (var kind in _live) kind.IsCandidate = FitsFreed(kind);
            while (next < _tasks.Length && _tasks[next].ArrivesAt <= _now) Arrive(next++);
            while (Next() is { } kind) StartFirst(kind);
        }

        if (_waiting.Count > 0) throw new InvariantException($"{_waiting.Count} tasks wait for nothing");
    }

    private void Advance(double to)
    {
        _cpuSeconds += _cell.Used.CpuMillis * (to - _now);
        _gpuSeconds += _cell.Used.GpuMillis * (to - _now);
        _now = to;
    }

    private void End(Piece piece)
    {
        _cell.Return(piece.Node, _trace.Shapes[piece.Shape], piece.Devices);
        _freed.Add(piece.Node);
    }

    private bool FitsFreed(ReplayKind kind)
    {
        foreach (var node in _freed)
        {
            if (_cell.Fits(node, kind.Shape)) return true;
        }

        return false;
    }

    private void Arrive(int number)
    {
        if (_kindOf[number] is not { } kind) return;
        _rule.Arrive(kind.Shape);
        if (kind.Waiting.Count == 0)
        {
            _live.Add(kind);
            kind.IsCandidate = true;
        }

        kind.Waiting.Enqueue(number);
        _waiting.Add(number);
    }

    /// <summary>Who is tried next; null when nobody else can fit.</summary>
    private ReplayKind? Next()
    {
        ReplayKind? first = null, cheapest = null;
        var least = double.MaxValue;
        var window = _scorer.LooksAhead ? EndOfWindow() : -1;
        foreach (var kind in _live)
        {
            if (!kind.IsCandidate) continue;
            var number = kind.Waiting.Peek();
            if (first is null || number < first.Waiting.Peek()) first = kind;
            if (number > window) continue;
            var choice = _rule.Choose(_cell, kind.Shape);
            if (choice.Node < 0) kind.IsCandidate = false;
            else if (choice.Cost < least) (least, cheapest) = (choice.Cost, kind);
        }

        return cheapest ?? first;
    }

    private int EndOfWindow() =>
        _waiting.Count <= PackingScorer.Window ? int.MaxValue : _waiting.ElementAt(PackingScorer.Window - 1);

    private void StartFirst(ReplayKind kind)
    {
        var number = kind.Waiting.Peek();
        ref readonly var task = ref _tasks[number];
        var pieces = new List<Piece>(kind.Pieces);
        for (var i = 0; i < kind.Pieces; i++)
        {
            var choice = _rule.Choose(_cell, kind.Shape);
            if (choice.Node < 0)
            {
                foreach (var piece in pieces) _cell.Return(piece.Node, kind.Shape, piece.Devices);
                kind.IsCandidate = false;
                return;
            }

            pieces.Add(new(choice.Node, task.Shape, _cell.Take(choice.Node, kind.Shape, choice.Device)));
        }

        foreach (var piece in pieces) _running.Enqueue(piece, _now + task.RunsFor);
        _waits.Add(_now - task.ArrivesAt);
        _waiting.Remove(number);
        kind.Waiting.Dequeue();
        if (kind.Waiting.Count == 0) _live.Remove(kind);
    }

    private PackingRow Row(PackingTest test, TimeSpan took)
    {
        var makespan = _now - _tasks[0].ArrivesAt;
        return new()
        {
            Trace = _trace.Name,
            Test = test,
            Scorer = _scorer.Name,
            LookAhead = _scorer.LooksAhead ? PackingScorer.Window : 0,
            Placed = _waits.Count,
            Dropped = _tasks.Length - _waits.Count,
            MeanWaitSeconds = _waits.Mean,
            MedianWaitSeconds = _waits.Percentile(50),
            P99WaitSeconds = _waits.Percentile(99),
            MakespanSeconds = makespan,
            MeanCpuAllocated = Allocation.Percent(_cpuSeconds, _cell.Capacity.CpuMillis * makespan),
            MeanGpuAllocated = Allocation.Percent(_gpuSeconds, _cell.Capacity.GpuMillis * makespan),
            UsPerDecision = took.TotalMicroseconds / _tasks.Length,
        };
    }

    private readonly record struct Piece(int Node, int Shape, int[] Devices);
}
