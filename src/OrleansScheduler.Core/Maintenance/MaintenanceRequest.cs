namespace OrleansScheduler.Core;

/// <summary>What an operator wants of a node, as long as it is not in normal service.</summary>
[GenerateSerializer, Immutable, Alias("osched.MaintenanceRequest")]
public sealed record MaintenanceRequest
{
    /// <summary>What is left running of services that have no SLA of their own; null to stop those at once.</summary>
    [Id(0)] public SlaPolicy? DefaultSla { get; init; }

    /// <summary>How long after it begins to drain the node is emptied whatever SLAs say; null for never.</summary>
    [Id(1)] public TimeSpan? DeadlineAfter { get; init; }

    /// <summary>Whether everything is stopped at once, whatever SLAs say.</summary>
    [Id(2)] public bool Force { get; init; }

    /// <summary>When it begins to drain; null when it does so only when somebody asks for it.</summary>
    [Id(3)] public DateTimeOffset? From { get; init; }

    /// <summary>When the node is back in service by itself; null for never.</summary>
    [Id(4)] public DateTimeOffset? Until { get; init; }

    /// <summary>Since when it drains; null before.</summary>
    [Id(5)] public DateTimeOffset? DrainsSince { get; init; }

    /// <summary>When what is left is stopped by force; null for never, or before it drains.</summary>
    public DateTimeOffset? Deadline => Force ? DrainsSince : DrainsSince + DeadlineAfter;

    /// <summary>Whether SLAs do not count any more.</summary>
    public bool IsForced(DateTimeOffset now) => Force || Deadline <= now;
}

/// <summary>What a node grain keeps of a node's maintenance.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Request">Who wants what; null in normal service, and of a node that was drained for good.</param>
public readonly record struct NodeMaintenance(MaintenanceMode Mode, MaintenanceRequest? Request)
{
    /// <summary>Normal service.</summary>
    public static NodeMaintenance None => default;
}
