namespace OrleansScheduler.Client;

/// <summary>What is left running of services that have no SLA of their own: a percentage or a count of instances.</summary>
public sealed record SlaRequest
{
    /// <summary>Share of the instances, 0 to 100.</summary>
    public double? Percentage { get; init; }

    /// <summary>Number of instances.</summary>
    public int? Count { get; init; }

    /// <summary>How long an instance must have run to count, such as <c>30m</c>; null for that.</summary>
    public string? Duration { get; init; }
}

/// <summary>How a node is drained. With neither SLA nor deadline: at once, whatever SLAs say.</summary>
public record DrainRequest
{
    /// <summary>What is left running of services that have no SLA of their own; null for nothing.</summary>
    public SlaRequest? Sla { get; init; }

    /// <summary>How long after the node begins to drain what is left is stopped by force, such as <c>1h</c>; null for never.</summary>
    public string? Deadline { get; init; }

    /// <summary>Whether everything is stopped at once, whatever SLAs say.</summary>
    public bool Force { get; init; }
}

/// <summary>When a node is to be drained, and how.</summary>
public sealed record ScheduleRequest : DrainRequest
{
    /// <summary>When it begins to drain; null for when somebody drains it.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When it is back in service by itself; null for never.</summary>
    public DateTimeOffset? Until { get; init; }
}
