using System.ComponentModel.DataAnnotations;

namespace OrleansScheduler.Silo;

/// <summary>SLA figures of services as metrics. Section <c>Cell:SlaMetrics</c>.</summary>
public sealed class SlaMetricSettings
{
    /// <summary>Whether there are any. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>How often they are worked out, and over which time. Default one minute, as in Aurora.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Most services of a silo that have some. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MostJobs { get; set; } = 1_000;
}
