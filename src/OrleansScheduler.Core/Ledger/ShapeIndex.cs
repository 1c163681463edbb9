namespace OrleansScheduler.Core;

/// <summary>
/// Finds the best node for one shape, again and again: it remembers the best key of every block and looks again only at blocks that have
/// changed.
/// </summary>
/// <remarks>
/// Exact at any time. Shared by all demands of a shape, what is remembered ignores which nodes are allowed: a block's best key bounds that
/// of its allowed nodes from below, and blocks are looked at in the order of these bounds until one keeps what it promises. For many equal
/// tasks in a row it pays to have one of their own, which knows the allowed nodes. When shapes take turns so quickly that too many blocks
/// have changed since the last look, or hardly any node is allowed, a plain scan is cheaper, and that is what it does.
/// </remarks>
/// <param name="table">The nodes.</param>
/// <param name="shape">What must fit.</param>
/// <param name="width">How wide to look.</param>
/// <param name="own">The only nodes that will ever be asked for; null for an index that is shared.</param>
internal sealed class ShapeIndex(NodeTable table, Shape shape, VectorWidth width, NodeMask? own = null)
{
    /// <summary>Tasks in a row up to which it does not pay to remember anything for them.</summary>
    public const int Few = 2;

    /// <summary>Blocks that may break their promise before a scan is cheaper.</summary>
    private const int MaxTries = 8;

    private readonly (int Block, int Key)[] _broken = new (int, int)[MaxTries];
    private int[] _keys = [];
    private long _seen = -1;
    private long _asked = -1;
    private long _version = -1;
    private long _epoch = -1;

    /// <summary>Blocks looked at so far: what the search has cost.</summary>
    public long Looked { get; private set; }

    /// <summary>When it was last used, for forgetting the oldest.</summary>
    public long UsedAt { get; set; }

    /// <summary>The best of the allowed nodes that fit now; -1 when there is none.</summary>
    /// <param name="allowed">The nodes that may be used.</param>
    /// <param name="expected">How many of the shape will be asked for in a row.</param>
    public int Pick(NodeMask allowed, int expected)
    {
        if (!Refresh(expected)) return Scan(allowed);
        var keys = _keys.AsSpan(0, Padded(table.Blocks));
        var best = -1;
        var broken = 0;
        for (; ; broken++)
        {
            var block = NodeScan.IndexOfSmallest(keys, width);
            if (block < 0) break;
            if (broken == MaxTries)
            {
                best = Scan(allowed);
                break;
            }

            Looked++;
            var key = NodeScan.BestKey(table, shape, block, allowed.Bits[block], width, out best);
            if (key == keys[block]) break;
            _broken[broken] = (block, keys[block]);
            keys[block] = key;
        }

        while (--broken >= 0) keys[_broken[broken].Block] = _broken[broken].Key;
        return best;
    }

    /// <summary>The same by looking at every block.</summary>
    public int Scan(NodeMask allowed)
    {
        Looked += table.Blocks;
        return NodeScan.Best(table, shape, allowed.Bits, width);
    }

    /// <summary>Brings what is remembered up to date; false when that is not worth it.</summary>
    private bool Refresh(int expected)
    {
        var blocks = table.Blocks;
        var since = table.Changes - _seen;

        // What a block costs here and in a scan: keys that stand in their lane are found much faster by a scan.
        var most = blocks / (table.Scorer.IsByLane ? 6 : 2);
        var isOld = _seen < 0 || _version != table.Scorer.Version || (own is not null && own.Epoch != _epoch)
            || _keys.Length < Padded(blocks)
            || since > Math.Min(most, NodeTable.Remembered);
        if (!isOld)
        {
            for (var change = _seen; change < table.Changes; change++) Look(table.ChangedBlock(change));
            _seen = table.Changes;
            return true;
        }

        var isAskedOften = _asked >= 0 && table.Changes - _asked <= most / 2;
        _asked = table.Changes;
        if (expected <= Few && !isAskedOften) return false;
        if (_keys.Length < Padded(blocks)) _keys = new int[Padded(blocks)];
        _keys.AsSpan(blocks).Fill(NodeScan.None);
        for (var block = 0; block < blocks; block++) Look(block);
        (_seen, _version, _epoch) = (table.Changes, table.Scorer.Version, own?.Epoch ?? 0);
        return true;
    }

    private void Look(int block)
    {
        Looked++;
        _keys[block] = NodeScan.BestKey(table, shape, block, own?.Bits[block] ?? 0xFFFF, width);
    }

    private static int Padded(int blocks) => (blocks + NodeTable.BlockSize - 1) / NodeTable.BlockSize * NodeTable.BlockSize;
}
