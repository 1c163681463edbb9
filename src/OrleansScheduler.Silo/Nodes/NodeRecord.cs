namespace OrleansScheduler.Silo;

/// <summary>What a node grain owns durably.</summary>
[GenerateSerializer, Alias("osched.NodeRecord")]
internal sealed class NodeRecord
{
    /// <summary>Name of the state: the row's name in every store.</summary>
    public const string StateName = "node";

    [Id(0)]
    public NodeDescription? Description { get; set; }

    [Id(1)]
    public long Generation { get; set; }

    [Id(2)]
    public MaintenanceMode Mode { get; set; }

    /// <summary>The last session that ended in silence; 0 for none. What was placed in it or before is not started any more.</summary>
    [Id(3)]
    public long Lost { get; set; }

    /// <summary>What an operator wants; null in normal service and when it was drained for good.</summary>
    [Id(4)]
    public MaintenanceRequest? Maintenance { get; set; }

    /// <summary>The last operations of operators, oldest first.</summary>
    [Id(5)]
    public ImmutableArray<NodeOperation> Operations { get; set; } = [];
}

/// <summary>What an operator has asked of a node, so that its repetition is recognised.</summary>
/// <param name="Id">The operation id.</param>
/// <param name="Subject">What was asked, in a form that two equal requests share.</param>
[GenerateSerializer, Immutable, Alias("osched.NodeOperation")]
internal sealed record NodeOperation([property: Id(0)] string Id, [property: Id(1)] string Subject);
