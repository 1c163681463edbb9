using System.Text.Json.Serialization;

namespace OrleansScheduler.Core;

/// <summary>What submitting a job file would do.</summary>
public sealed record PlanView
{
    /// <summary>What would become of each job, in the order of the documents.</summary>
    public required ImmutableArray<JobPlan> Jobs { get; init; }

    /// <summary>What it would mean for the cell.</summary>
    public required WhatIfView Outlook { get; init; }

    /// <summary>Whether submitting it would change nothing.</summary>
    [JsonIgnore]
    public bool IsUnchanged => Jobs.All(job => job.Outcome == SubmitOutcome.Unchanged);

    /// <summary>Whether every job would be accepted and none would have more instances that wait for a node than without it.</summary>
    [JsonIgnore]
    public bool Fits => Jobs.All(job => job.Problem is null)
        && Outlook.Jobs.Where(outlook => Jobs.Any(job => job.Key == outlook.Job)).All(o => o.WaitingThen <= o.WaitingNow);
}

/// <summary>What submitting a spec would do to its job.</summary>
public sealed record JobPlan
{
    /// <summary>The job.</summary>
    public required JobKey Key { get; init; }

    /// <summary>See <see cref="SubmitOutcome"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Version that the job has now; null when it does not exist.</summary>
    public int? Version { get; init; }

    /// <summary>What differs from that version.</summary>
    public ImmutableArray<FieldChange> Changes { get; init; } = [];

    /// <summary>Why it would be refused; null when it would be accepted.</summary>
    public Problem? Problem { get; init; }
}

/// <summary>One field that differs between two specs.</summary>
/// <param name="Path">The field, as <c>task.resources.cpu</c>.</param>
/// <param name="Before">Its value before, as in a job file; null for the default.</param>
/// <param name="After">Its value after, as in a job file; null for the default.</param>
public sealed record FieldChange(string Path, string? Before, string? After);
