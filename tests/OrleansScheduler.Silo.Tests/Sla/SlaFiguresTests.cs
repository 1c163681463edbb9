using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace OrleansScheduler.Silo.Tests;

public sealed class SlaFiguresTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "prod", "sla-figures");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-figures-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Services_have_SLA_figures_as_metrics_when_the_cell_wants_them_and_others_have_none()
    {
        var seen = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("scheduler.sla.", StringComparison.Ordinal)) listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            var labels = tags.ToArray().ToDictionary(tag => tag.Key, tag => $"{tag.Value}");
            if (labels["job"] == Key.ToString()) seen[$"{instrument.Name} {labels.GetValueOrDefault("percentile")}".Trim()] = value;
        });
        listener.Start();

        await using var cell = await TestCell.Start(_directory, b =>
        {
            b.Configuration["Cell:SlaMetrics:Enabled"] = "true";
            b.Configuration["Cell:SlaMetrics:Every"] = "00:00:01";
        });
        await using var nodes = await Nodes.Start(cell, 1, _ => ScheduleStatus.Running);
        await cell.Submit(Service());
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
        await TestCell.Eventually(() =>
        {
            listener.RecordObservableInstruments();
            return Task.FromResult(seen.GetValueOrDefault("scheduler.sla.job.uptime 99") > 0);
        }, 20);
        Assert.Equal(1, seen["scheduler.sla.platform.uptime"]);
        Assert.Contains("scheduler.sla.time_to_running", seen.Keys);

        await cell.Job(Key).Stop(new("op-2", [], "me"));
        await TestCell.Eventually(() =>
        {
            seen.Clear();
            listener.RecordObservableInstruments();
            return Task.FromResult(seen.IsEmpty);
        }, 20);
    }

    private static JobSpec Service() => new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = 2,
        Task = new TaskSpec { Command = ["run"], Resources = new(100, 64, 0, 0) },
    };
}
