namespace OrleansScheduler.Core;

/// <summary>
/// Finds the best node for one shape and one set of allowed nodes, again and again: it remembers the best key of every block and looks
/// again only at blocks that have changed.
/// </summary>
/// <remarks>
/// Exact at any time. Tasks of one shape in a row cost one block each; when shapes take turns so quickly that most blocks have changed
/// since the last look, a plain scan is cheaper, and that is what it does.
/// </remarks>
internal sealed class ShapeIndex(NodeTable table, Shape shape, NodeMask allowed, VectorWidth width)
{
    private int[] _keys = [];
    private long _seen = -1;
    private long _asked = -1;
    private long _epoch = -1;

    public Shape Shape => shape;

    public NodeMask Allowed => allowed;

    /// <summary>Blocks looked at so far: what the search has cost.</summary>
    public long Looked { get; private set; }

    /// <summary>The best node that fits now; -1 when none does.</summary>
    /// <param name="expected">How many of the kind will be asked for in a row.</param>
    public int Pick(int expected)
    {
        var blocks = table.Blocks;
        var fresh = table.Changes - Math.Max(_seen, _asked);
        var stale = _seen < 0 || _epoch != allowed.Epoch || table.Changes - _seen > Math.Min(blocks / 4, NodeTable.Remembered)
            || _keys.Length < Padded(blocks);
        if (stale)
        {
            var worth = expected > 2 || (_asked >= 0 && fresh <= blocks / 8);
            _asked = table.Changes;
            if (!worth)
            {
                Looked += blocks;
                return NodeScan.Best(table, shape, allowed.Bits, width);
            }

            Build(blocks);
        }
        else
        {
            for (var change = _seen; change < table.Changes; change++) Look(table.ChangedBlock(change));
        }

        _seen = table.Changes;
        var best = NodeScan.IndexOfSmallest(_keys.AsSpan(0, Padded(blocks)), width);
        return best < 0 ? -1 : NodeScan.BestInBlock(table, shape, best, allowed.Bits[best]);
    }

    /// <summary>The best node among others than the usual; -1 when none fits.</summary>
    public int Pick(NodeMask among)
    {
        Looked += table.Blocks;
        return NodeScan.Best(table, shape, among.Bits, width);
    }

    private void Build(int blocks)
    {
        if (_keys.Length < Padded(blocks)) _keys = new int[Padded(blocks)];
        _keys.AsSpan(blocks).Fill(NodeScan.None);
        _epoch = allowed.Epoch;
        for (var block = 0; block < blocks; block++) Look(block);
    }

    private void Look(int block)
    {
        Looked++;
        _keys[block] = NodeScan.BestKey(table, shape, block, allowed.Bits[block], width);
    }

    private static int Padded(int blocks) => (blocks + NodeTable.BlockSize - 1) / NodeTable.BlockSize * NodeTable.BlockSize;
}
