namespace OrleansScheduler.Cli;

/// <summary>The ledger's plain key of what is left on a machine: least first to fill, most first to spread.</summary>
internal sealed class PlainKeyRule(PackingTrace trace, PlacementPolicy policy) : IPackingRule
{
    private readonly ScoreWeights _weights = ScoreWeights.Of(trace.Capacity, trace.Nodes.Length, policy);

    /// <inheritdoc/>
    public double Cost(PackingCell cell, int node, in PackingShape shape, out int device)
    {
        device = shape.IsShare ? cell.TightestDevice(node, shape.Milli) : 0;
        return _weights.Key(cell.Free(node) - new Resources(shape.Cpu, shape.Memory, 0, shape.Gpu));
    }
}
