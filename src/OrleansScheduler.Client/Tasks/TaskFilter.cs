namespace OrleansScheduler.Client;

/// <summary>Which tasks a list shows; what is null does not narrow it.</summary>
public sealed record TaskFilter
{
    /// <summary>Only tasks of this role.</summary>
    public string? Role { get; init; }

    /// <summary>Only tasks of this environment.</summary>
    public string? Environment { get; init; }

    /// <summary>Only tasks of this job.</summary>
    public JobKey? Job { get; init; }

    /// <summary>Only tasks in this status.</summary>
    public ScheduleStatus? Status { get; init; }

    /// <summary>Only tasks on this node.</summary>
    public string? Node { get; init; }
}
