namespace OrleansScheduler.Cli;

/// <summary>How machines are chosen: the one with the least cost of those that fit, the first of equals.</summary>
internal interface IPackingRule
{
    /// <summary>Grows whenever costs have changed for another reason than that a machine has.</summary>
    int Version => 0;

    /// <summary>A task came; said before it is placed. Rules may learn from it, and from nothing that is still to come.</summary>
    void Arrive(in PackingShape shape)
    {
    }

    /// <summary>What it costs to put a shape on a machine that fits it.</summary>
    /// <param name="cell">The machines.</param>
    /// <param name="node">One of them.</param>
    /// <param name="shape">What is placed.</param>
    /// <param name="device">The GPU that a share gets; nothing otherwise.</param>
    double Cost(PackingCell cell, int node, in PackingShape shape, out int device);
}
