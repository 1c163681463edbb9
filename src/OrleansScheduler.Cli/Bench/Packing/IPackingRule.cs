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

    /// <summary>The best machine of all.</summary>
    PackingChoice Choose(PackingCell cell, in PackingShape shape)
    {
        var best = PackingChoice.None;
        for (var i = 0; i < cell.Count; i++)
        {
            if (!cell.Fits(i, shape)) continue;
            var cost = Cost(cell, i, shape, out var device);
            if (cost < best.Cost) best = new(i, device, cost);
        }

        return best;
    }

    /// <summary>A machine has changed; for rules that keep books of their own.</summary>
    /// <param name="node">The machine.</param>
    /// <param name="shape">What was taken or given back.</param>
    /// <param name="devices">Its GPUs.</param>
    /// <param name="isTaken">Which of both.</param>
    void Changed(int node, in PackingShape shape, int[] devices, bool isTaken)
    {
    }
}
