using System.ComponentModel.DataAnnotations;

namespace OrleansScheduler.Silo;

/// <summary>When the loss of nodes is a mass loss. Section <c>Cell:MassLoss</c>.</summary>
public sealed class MassLossSettings
{
    /// <summary>Share of all nodes that are lost within <see cref="Window"/>. Default 0.2.</summary>
    [Range(0.01, 1)]
    public double Share { get; set; } = 0.2;

    /// <summary>How many it must be besides, so that two of five are none. Default 3.</summary>
    [Range(1, 100_000)]
    public int AtLeast { get; set; } = 3;

    /// <summary>Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time between two nodes whose tasks are given up during a mass loss. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Pace { get; set; } = TimeSpan.FromSeconds(10);

    internal MassLossRules ToRules() => new(Share, AtLeast, Window, Pace);
}
