using System.ComponentModel.DataAnnotations;

namespace OrleansScheduler.Silo;

/// <summary>How long jobs at rest remember tasks that have ended. Section <c>Cell:TaskHistory</c>.</summary>
public sealed class TaskHistorySettings
{
    /// <summary>Tasks that ended longer ago are removed. Default two days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Keep { get; set; } = TaskHistoryPolicy.Default.Keep;

    /// <summary>Most tasks that a job remembers. Default 100.</summary>
    [Range(0, JobLimits.MaxInstances)]
    public int PerJob { get; set; } = TaskHistoryPolicy.Default.PerJob;

    /// <summary>Tasks that ended later are remembered in any case. Default one hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan AtLeast { get; set; } = TaskHistoryPolicy.Default.AtLeast;

    /// <summary>How often each job at rest is looked at. Default one hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromHours(1);

    internal TaskHistoryPolicy ToPolicy() => new(Keep, PerJob, AtLeast);
}
