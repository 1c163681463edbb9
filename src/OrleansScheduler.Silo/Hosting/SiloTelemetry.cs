using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansScheduler.Silo;

/// <summary>The silo's instruments. Names are the contract of <c>dashboards/</c>.</summary>
public sealed class SiloTelemetry : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "OrleansScheduler.Silo";

    private static readonly int Statuses = (int)Enum.GetValues<ScheduleStatus>().Max() + 1;
    private static readonly double[] Seconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Meter _meter;
    private readonly UpDownCounter<long> _tasks;
    private readonly Counter<long> _transitions;
    private readonly Histogram<double> _roundDuration;
    private readonly Histogram<double> _appendDuration;
    private readonly Counter<long> _placements;
    private readonly Counter<long> _looks;
    private readonly Counter<long> _preemptions;
    private readonly Counter<long> _broken;
    private readonly Counter<long> _coordinators;
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
        _looks = _meter.CreateCounter<long>("scheduler.ledger.looks", "{block}", "Blocks of sixteen nodes that planning looked at.");
        _preemptions = _meter.CreateCounter<long>("scheduler.ledger.preemptions", "{attempt}", "Attempts stopped for others.");
        _broken = _meter.CreateCounter<long>(
            "scheduler.ledger.promises.broken", "{promise}", "Promises of a node that were taken back.");
        _coordinators = _meter.CreateCounter<long>(
            "scheduler.sla.coordinator.asks", "{request}", "Questions to coordinators of SLAs by what came of them.");
        _appendDuration = _meter.CreateHistogram(
            "scheduler.ledger.append.duration", "s", "Time until a round's decisions are durable.", advice: advice);

        _meter.CreateObservableGauge("scheduler.ledger.promised", () =>
            Ledger(l => l.Promised), "{attempt}", "Attempts that are promised a node which others leave.");
        _meter.CreateObservableGauge("scheduler.ledger.held", () => Ledger(l => l.Held), "{node}", "Nodes kept free for who waits long.");
        _meter.CreateObservableGauge("scheduler.ledger.waiting", Waiting, "{attempt}", "Attempts that wait by the reason.");
        _meter.CreateObservableGauge("scheduler.role.share", () => Roles(r => r.Share), "{share}",
            "Dominant share of a role by its weight.");
        _meter.CreateObservableGauge("scheduler.role.quota.use", () => Roles(r => r.QuotaUse), "{share}",
            "Largest part of its quota that a role uses.");
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
        // Summed up by status first: a change may concern ten thousand tasks, and an instrument takes longer than a sum.
        Span<int> entered = stackalloc int[Statuses];
        Span<int> left = stackalloc int[Statuses];
        var now = new Dictionary<int, ScheduleStatus>(change.Steps.Length);
        foreach (var step in change.Steps)
        {
            Leave(step.Instance, left);
            now[step.Instance] = step.Status;
            entered[(int)step.Status]++;
        }

        foreach (var instance in change.Removed) Leave(instance, left);
        for (var status = 0; status < Statuses; status++)
        {
            if (entered[status] != left[status]) Add((ScheduleStatus)status, entered[status] - left[status]);
            if (entered[status] == 0) continue;
            _transitions.Add(entered[status], new KeyValuePair<string, object?>("status", ((ScheduleStatus)status).ToName()));
        }

        void Leave(int instance, Span<int> counts)
        {
            if (now.TryGetValue(instance, out var last)) counts[(int)last]++;
            else if (before.TryGetValue(instance, out var task)) counts[(int)task.Status]++;
        }
    }

    internal void Planned(TimeSpan duration, LedgerPlan plan)
    {
        _roundDuration.Record(duration.TotalSeconds);

        // Nothing is counted too: a series that is there has a rate when the first thing happens.
        _placements.Add(plan.Placed);
        _looks.Add(plan.Looked);
        _preemptions.Add(plan.Preemptions.Sum(p => p.Victims.Length));
        _broken.Add(plan.Broken.Length);
    }

    /// <summary>A coordinator was asked: <c>yes</c>, <c>no</c>, or <c>busy</c> when it was not because others are.</summary>
    internal void CoordinatorAsked(string outcome) => _coordinators.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A round's decisions are durable.</summary>
    internal void Appended(TimeSpan duration) => _appendDuration.Record(duration.TotalSeconds);

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

    private IEnumerable<Measurement<long>> Nodes() => By("status", Volatile.Read(ref _ledger)?.Nodes);

    private IEnumerable<Measurement<long>> Waiting() => By("reason", Volatile.Read(ref _ledger)?.WaitingByReason);

    private static IEnumerable<Measurement<long>> By(string attribute, ImmutableSortedDictionary<string, int>? counts)
    {
        foreach (var (value, count) in counts ?? ImmutableSortedDictionary<string, int>.Empty)
            yield return new Measurement<long>(count, new KeyValuePair<string, object?>(attribute, value));
    }

    private IEnumerable<Measurement<double>> Roles(Func<RoleFigures, double?> read)
    {
        foreach (var role in Volatile.Read(ref _ledger)?.Roles ?? [])
        {
            if (read(role) is { } value) yield return new Measurement<double>(value, new KeyValuePair<string, object?>("role", role.Role));
        }
    }
}
