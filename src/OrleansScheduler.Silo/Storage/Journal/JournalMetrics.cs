using System.Diagnostics.Metrics;

namespace OrleansScheduler.Silo;

/// <summary>What the silo's journals do, for the meter of the silo.</summary>
internal sealed class JournalMetrics
{
    private readonly Histogram<double> _appendDuration;
    private readonly Counter<long> _entries;

    /// <summary>Makes the instruments.</summary>
    public JournalMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("OrleansScheduler.Silo");
        _appendDuration = meter.CreateHistogram<double>(
            "scheduler.journal.append.duration",
            "s",
            "How long one write of a journal takes until it is durable.",
            advice: new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] });
        _entries = meter.CreateCounter<long>("scheduler.journal.entries", "{entry}", "Entries made durable.");
    }

    /// <summary>One write is durable.</summary>
    public void Record(TimeSpan duration, int entries)
    {
        _appendDuration.Record(duration.TotalSeconds);
        _entries.Add(entries);
    }
}
