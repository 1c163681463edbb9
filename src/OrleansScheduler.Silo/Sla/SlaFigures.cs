using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>
/// SLA figures of the services of this silo as instruments (Aurora's, see <see cref="SlaMetrics"/>). Off unless the cell wants them,
/// because each service is a series of every instrument and stays awake for them.
/// </summary>
internal sealed class SlaFigures
{
    private readonly ConcurrentDictionary<JobKey, JobSlaView> _jobs = new();
    private readonly int _most;

    public SlaFigures(IMeterFactory meters, IOptions<CellOptions> options)
    {
        var settings = options.Value.SlaMetrics;
        _most = settings.MostJobs;
        Every = settings.Enabled ? settings.Every : null;
        var meter = meters.Create(SiloTelemetry.Name);
        meter.CreateObservableGauge("scheduler.sla.job.uptime", Uptimes, "s",
            "How long the given share of a service's running instances has run at least.");
        meter.CreateObservableGauge("scheduler.sla.platform.uptime", () => Each(view => view.PlatformUptimePercent / 100), "1",
            "Share of the time in which a service's instances were up of that in which they should have been.");
        meter.CreateObservableGauge("scheduler.sla.time_to_assigned", () => Each(view => view.MttaMs / 1000), "s",
            "Median time from waiting to having a node.");
        meter.CreateObservableGauge("scheduler.sla.time_to_started", () => Each(view => view.MttsMs / 1000), "s",
            "Median time from waiting to being started.");
        meter.CreateObservableGauge("scheduler.sla.time_to_running", () => Each(view => view.MttrMs / 1000), "s",
            "Median time from waiting to running.");
    }

    /// <summary>How often they are worked out, which is also their window; null for never.</summary>
    public TimeSpan? Every { get; }

    /// <summary>Takes the figures of a service; of those beyond the cell's bound none.</summary>
    public void Set(JobSlaView figures)
    {
        if (_jobs.ContainsKey(figures.Job) || _jobs.Count < _most) _jobs[figures.Job] = figures;
    }

    /// <summary>The service is not one any more, or not of this silo.</summary>
    public void Remove(JobKey job) => _jobs.TryRemove(job, out _);

    private IEnumerable<Measurement<double>> Each(Func<JobSlaView, double> read) =>
        _jobs.Select(job => new Measurement<double>(read(job.Value), Name(job.Key)));

    private IEnumerable<Measurement<double>> Uptimes() => _jobs.SelectMany(job => job.Value.JobUptimeSeconds.Select(uptime =>
        new Measurement<double>(uptime.Value, Name(job.Key), new KeyValuePair<string, object?>("percentile", uptime.Key))));

    private static KeyValuePair<string, object?> Name(JobKey job) => new("job", job.ToString());
}
