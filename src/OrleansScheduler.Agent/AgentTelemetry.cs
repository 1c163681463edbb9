using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OrleansScheduler.Agent;

/// <summary>What the agent measures and traces.</summary>
public sealed class AgentTelemetry : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "OrleansScheduler.Agent";

    private static readonly double[] StartBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly ActivitySource _activities = new(Name);
    private readonly Meter _meter;
    private readonly Counter<long> _starts;
    private readonly Histogram<double> _startDuration;
    private readonly Counter<long> _healthFailures;
    private readonly Counter<long> _refusedCommands;
    private readonly Counter<long> _sessions;
    private readonly Counter<long> _names;
    private readonly Counter<long> _templates;

    /// <param name="meters">Makes the meter.</param>
    public AgentTelemetry(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _starts = _meter.CreateCounter<long>("scheduler.agent.starts", "{task}", "Tasks that were started, by outcome.");
        _startDuration = _meter.CreateHistogram(
            "scheduler.agent.start.duration", "s", "From the launch command to the existing process.", tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = StartBuckets });
        _healthFailures = _meter.CreateCounter<long>("scheduler.agent.health.failures", "{probe}", "Health probes that failed.");
        _refusedCommands =
            _meter.CreateCounter<long>("scheduler.agent.commands.refused", "{command}", "Commands that were refused, by reason.");
        _templates = _meter.CreateCounter<long>(
            "scheduler.agent.templates", "{file}", "Templates that were written anew for running tasks.");
        _names = _meter.CreateCounter<long>(
            "scheduler.agent.dns.questions", "{question}", "Questions about services by name, by outcome.");
        _sessions = _meter.CreateCounter<long>("scheduler.agent.sessions", "{session}", "Sessions with a gateway, by how they ended.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _activities.Dispose();
        _meter.Dispose();
    }

    internal void ObserveTasks(Func<IEnumerable<ScheduleStatus>> statuses) => _meter.CreateObservableGauge(
        "scheduler.agent.tasks",
        () => statuses().GroupBy(status => status).Select(group =>
            new Measurement<int>(group.Count(), new KeyValuePair<string, object?>("status", group.Key.ToName()))),
        "{task}", "Attempts that the agent knows, by status.");

    internal void ObserveUsage(Func<Contracts.Protocol.Usage?> latest)
    {
        _meter.CreateObservableGauge(
            "scheduler.agent.tasks.cpu", () => (latest()?.Tasks.Sum(use => use.CpuMillis) ?? 0) / 1000.0, "{core}",
            "Cores that tasks use together.");
        _meter.CreateObservableGauge(
            "scheduler.agent.tasks.memory", () => latest()?.Tasks.Sum(use => use.MemoryBytes) ?? 0, "By",
            "Memory that tasks use together.");
        _meter.CreateObservableGauge(
            "scheduler.agent.tasks.disk", () => latest()?.Tasks.Sum(use => use.DiskBytes) ?? 0, "By",
            "Disk that sandboxes of tasks take.");
        _meter.CreateObservableGauge(
            "scheduler.agent.unused.cpu", () => (latest()?.Unused?.CpuMillis ?? 0) / 1000.0, "{core}",
            "Cores that tasks have asked for and have not used lately.");
        _meter.CreateObservableGauge(
            "scheduler.agent.unused.memory", () => (latest()?.Unused?.MemoryMib ?? 0) * 1024 * 1024, "By",
            "Memory that tasks have asked for and have not used lately.");
        _meter.CreateObservableGauge(
            "scheduler.agent.disk.pressure", () => latest()?.DiskPressure == true ? 1 : 0, "{node}",
            "Whether the file system of the sandboxes has less free than it is to keep.");
    }

    internal Activity? Launch(string? parent, AttemptId attempt)
    {
        _ = ActivityContext.TryParse(parent, traceState: null, out var context);
        var activity = _activities.StartActivity("task.launch", ActivityKind.Consumer, context);
        activity?.SetTag("scheduler.attempt", attempt.ToString());
        return activity;
    }

    internal void Started(TimeSpan duration)
    {
        _starts.Add(1, new KeyValuePair<string, object?>("outcome", "started"));
        _startDuration.Record(duration.TotalSeconds);
    }

    internal void NotStarted() => _starts.Add(1, new KeyValuePair<string, object?>("outcome", "failed"));

    internal void NameAsked(DnsStatus outcome) => _names.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch
    {
        DnsStatus.NoError => "answered",
        DnsStatus.NameError => "unknown",
        DnsStatus.Refused => "refused",
        DnsStatus.ServerFailure => "failed",
        _ => "malformed",
    }));

    internal void TemplateChanged() => _templates.Add(1);

    internal void HealthFailure() => _healthFailures.Add(1);

    internal void Refused(string reason, int commands) =>
        _refusedCommands.Add(commands, new KeyValuePair<string, object?>("reason", reason));

    internal void SessionEnded(string reason) => _sessions.Add(1, new KeyValuePair<string, object?>("end", reason));
}
