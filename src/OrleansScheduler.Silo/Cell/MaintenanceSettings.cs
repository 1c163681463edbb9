using System.ComponentModel.DataAnnotations;

namespace OrleansScheduler.Silo;

/// <summary>How nodes are emptied for maintenance. Section <c>Cell:Maintenance</c>.</summary>
public sealed class MaintenanceSettings
{
    /// <summary>How often a draining node asks the jobs that still have something there. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan AskEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Jobs with fewer active instances have no SLA. Default 1, so that all have one.</summary>
    [Range(1, JobLimits.MaxInstances)]
    public int MinInstances { get; set; } = SlaSettings.Default.MinInstances;

    /// <summary>Whether jobs of other tiers than preferred have an SLA, too. Default false, as in Aurora.</summary>
    public bool EveryTier { get; set; } = SlaSettings.Default.EveryTier;

    /// <summary>How long a coordinator may take to answer; then it is asked again later. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan CoordinatorTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal SlaSettings ToSla() => new(MinInstances, EveryTier);
}
