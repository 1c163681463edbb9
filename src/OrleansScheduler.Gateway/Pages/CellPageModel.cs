namespace OrleansScheduler.Gateway;

/// <summary>What the page shows.</summary>
public sealed record CellPageModel
{
    /// <summary>When it was put together.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The cell; null while it cannot be reached.</summary>
    public CellView? Cell { get; init; }

    /// <summary>The first jobs.</summary>
    public ImmutableArray<JobView> Jobs { get; init; } = [];

    /// <summary>The job whose tasks are shown; null when none is chosen.</summary>
    public JobKey? Chosen { get; init; }

    /// <summary>The first tasks of that job.</summary>
    public ImmutableArray<TaskView> Tasks { get; init; } = [];

    /// <summary>The first nodes.</summary>
    public ImmutableArray<NodeView> Nodes { get; init; } = [];

    /// <summary>Why there is nothing to show; null when there is.</summary>
    public string? Trouble { get; init; }
}
