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

    /// <summary>
    /// How long a ledger that was started gives up nobody at most while nodes are coming back: whoever is silent then may be waiting for a
    /// busy cell to take it in. Default 2 min; 0 for not at all.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ReregisterWithin { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Time without a node that comes back after which that is over. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ReregisterPause { get; set; } = TimeSpan.FromSeconds(5);

    internal MassLossRules ToRules() =>
        new(Share, AtLeast, Window, Pace) { ReregisterWithin = ReregisterWithin, ReregisterPause = ReregisterPause };
}
