namespace OrleansScheduler.Core;

/// <summary>
/// What is free on every node, as a struct of arrays: one lane of 32-bit integers a dimension, so that sixteen nodes are looked at by one
/// instruction. A copy of <see cref="LedgerNode"/> for searching; never the truth.
/// </summary>
/// <remarks>
/// Lanes are padded to whole blocks with nodes that fit nothing. Every change of a node is a line of <see cref="ChangedBlock"/>, so that
/// whoever remembers results by block looks at changed blocks only.
/// </remarks>
internal sealed class NodeTable
{
    /// <summary>Nodes to a block: one 512-bit vector.</summary>
    public const int BlockSize = 16;

    /// <summary>Largest amount that a lane holds; what is more counts as this.</summary>
    public const int MaxLane = int.MaxValue - 1;

    private const int LogSize = 1 << 14;

    private readonly int[] _log = new int[LogSize];

    /// <summary>Nodes in the table, without padding.</summary>
    public int Count { get; private set; }

    public int Blocks => (Count + BlockSize - 1) / BlockSize;

    public int[] Cpu { get; private set; } = [];

    public int[] Memory { get; private set; } = [];

    public int[] Disk { get; private set; } = [];

    /// <summary>Whole GPUs that nobody uses.</summary>
    public int[] Whole { get; private set; } = [];

    /// <summary>The largest share that one GPU has left, in thousandths.</summary>
    public int[] Share { get; private set; } = [];

    public int[] Ports { get; private set; } = [];

    /// <summary>Orders nodes for each kind of shape: the smallest goes first, then the lowest number.</summary>
    public int[][] Keys { get; } = [[], [], []];

    /// <summary>How many changes there have been.</summary>
    public long Changes { get; private set; }

    /// <summary>How many of the last changes <see cref="ChangedBlock"/> still knows.</summary>
    public static int Remembered => LogSize;

    /// <summary>The block of a change, counted from 0.</summary>
    public int ChangedBlock(long change) => _log[change & (LogSize - 1)];

    /// <summary>Makes room for one more node and answers its number. It fits nothing until it is set.</summary>
    public int Add()
    {
        if (Count == Cpu.Length) Grow(Math.Max(BlockSize, Cpu.Length * 2));
        return Count++;
    }

    /// <summary>Takes over what is free on a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="weights">What orders nodes.</param>
    /// <param name="revocable">Whether this table is of what is revocable.</param>
    public void Set(LedgerNode node, in ScoreWeights weights, bool revocable)
    {
        var (i, free) = (node.Index, node.FreeShape(revocable));
        Cpu[i] = free.Cpu;
        Memory[i] = free.Memory;
        Disk[i] = free.Disk;
        Whole[i] = free.Whole;
        Share[i] = free.Share;
        Ports[i] = free.Ports;
        var key = weights.Key(node.Amounts.Free);
        Keys[0][i] = key;
        Keys[1][i] = key;
        Keys[2][i] = key;
        Touch(i);
    }

    /// <summary>Notes that something about a node has changed.</summary>
    public void Touch(int node) => _log[Changes++ & (LogSize - 1)] = node / BlockSize;

    private void Grow(int size)
    {
        Cpu = Grown(Cpu);
        Memory = Grown(Memory);
        Disk = Grown(Disk);
        Whole = Grown(Whole);
        Share = Grown(Share);
        Ports = Grown(Ports);
        for (var i = 0; i < Keys.Length; i++) Keys[i] = Grown(Keys[i]);

        int[] Grown(int[] lane)
        {
            var grown = new int[size];
            grown.AsSpan(lane.Length).Fill(-1);
            lane.CopyTo(grown, 0);
            return grown;
        }
    }
}
