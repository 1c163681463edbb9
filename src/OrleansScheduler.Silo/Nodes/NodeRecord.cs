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
}
