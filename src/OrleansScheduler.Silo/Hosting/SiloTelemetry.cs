using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansScheduler.Silo;

/// <summary>The silo's instruments. Names are the contract of <c>dashboards/</c>.</summary>
public sealed class SiloTelemetry : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "OrleansScheduler.Silo";

    private static readonly double[] Seconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Meter _meter;
    private readonly UpDownCounter<long> _tasks;
    private readonly Counter<long> _transitions;
    private readonly Histogram<double> _roundDuration;
    private readonly Counter<long> _placements;
    private readonly TimeProvider _time;
    private LedgerFigures? _ledger;

    /// <summary>Creates the instruments.</summary>
    public SiloTelemetry(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _meter = meters.Create(Name);
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        _tasks = _meter.CreateUpDownCounter<long>("scheduler.tasks", "{task}", "Tasks by status.");
        _transitions = _meter.CreateCounter<long>("scheduler.task.transitions", "{transition}", "Task transitions by status entered.");
        _roundDuration =
            _meter.CreateHistogram("scheduler.ledger.round.duration", "s", "Time of one planning round, without its write.",
            advice: advice);
        _placements = _meter.CreateCounter<long>("scheduler.ledger.placements", "{placement}", "Attempts that got a node.");
        _meter.CreateObservableGauge("scheduler.ledger.pending", () =>
            Ledger(l => l.Pending), "{attempt}", "Attempts that wait for a node.");
        _meter.CreateObservableGauge("scheduler.ledger.placed", () => Ledger(l => l.Placed), "{attempt}", "Attempts that hold resources.");
        _meter.CreateObservableGauge("scheduler.ledger.queue.age", QueueAge, "s", "How long the oldest waiting attempt has waited.");
        _meter.CreateObservableGauge("scheduler.nodes", Nodes, "{node}", "Nodes by status.");
    }

    /// <summary>Starts the silo's own activities.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void TasksLoaded(IEnumerable<ScheduledTask> tasks) => Count(tasks, 1);

    internal void TasksUnloaded(IEnumerable<ScheduledTask> tasks) => Count(tasks, -1);

    /// <summary>Counts a job's change, before it is applied.</summary>
    internal void TasksChanged(IReadOnlyDictionary<int, ScheduledTask> before, JobChange change)
    {
        var now = new Dictionary<int, ScheduleStatus>();
        foreach (var step in change.Steps)
        {
            if (now.TryGetValue(step.Instance, out var last)) Add(last, -1);
            else if (before.TryGetValue(step.Instance, out var task)) Add(task.Status, -1);
            now[step.Instance] = step.Status;
            Add(step.Status, 1);
            _transitions.Add(1, new KeyValuePair<string, object?>("status", step.Status.ToName()));
        }

        foreach (var instance in change.Removed)
        {
            if (now.TryGetValue(instance, out var last)) Add(last, -1);
            else if (before.TryGetValue(instance, out var task)) Add(task.Status, -1);
        }
    }

    internal void Planned(TimeSpan duration, LedgerPlan plan)
    {
        _roundDuration.Record(duration.TotalSeconds);
        if (plan.Placed > 0) _placements.Add(plan.Placed);
    }

    /// <summary>Figures of the ledger that this silo has; null when it has none. Exporters read them on their own threads.</summary>
    internal void Observe(LedgerFigures? figures) => Volatile.Write(ref _ledger, figures);

    private void Count(IEnumerable<ScheduledTask> tasks, int sign)
    {
        foreach (var group in tasks.GroupBy(t => t.Status)) Add(group.Key, sign * group.Count());
    }

    private void Add(ScheduleStatus status, long count) => _tasks.Add(count, new KeyValuePair<string, object?>("status", status.ToName()));

    private IEnumerable<Measurement<long>> Ledger(Func<LedgerFigures, int> read)
    {
        if (Volatile.Read(ref _ledger) is { } ledger) yield return new Measurement<long>(read(ledger));
    }

    private IEnumerable<Measurement<double>> QueueAge()
    {
        if (Volatile.Read(ref _ledger) is not { } ledger) yield break;
        yield return new Measurement<double>(ledger.OldestWaiting is { } since ? (_time.GetUtcNow() - since).TotalSeconds : 0);
    }

    private IEnumerable<Measurement<long>> Nodes()
    {
        foreach (var (status, count) in Volatile.Read(ref _ledger)?.Nodes ?? ImmutableSortedDictionary<string, int>.Empty)
            yield return new Measurement<long>(count, new KeyValuePair<string, object?>("status", status));
    }
}

/// <summary>What the ledger's gauges show.</summary>
/// <param name="Pending">Attempts that wait.</param>
/// <param name="Placed">Attempts that hold something.</param>
/// <param name="OldestWaiting">Since when the oldest of those that wait does.</param>
/// <param name="Nodes">Nodes by status.</param>
internal sealed record LedgerFigures(int Pending, int Placed, DateTimeOffset? OldestWaiting, ImmutableSortedDictionary<string, int> Nodes);
