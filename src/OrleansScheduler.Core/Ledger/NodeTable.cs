namespace OrleansScheduler.Core;

/// <summary>
/// What is free on every node, as a struct of arrays: one lane of 32-bit numbers a dimension, so that sixteen nodes are looked at by one
/// instruction. A copy of <see cref="LedgerNode"/> for searching; never the truth.
/// </summary>
/// <remarks>
/// Lanes are padded to whole blocks with nodes that fit nothing. Every change of a node is a line of <see cref="ChangedBlock"/>, so that
/// whoever remembers results by block looks at changed blocks only.
/// </remarks>
/// <param name="scorer">What orders the nodes.</param>
/// <param name="revocable">Whether the table is of what is revocable.</param>
internal sealed class NodeTable(NodeScorer scorer, bool revocable = false)
{
    /// <summary>Nodes to a block: one 512-bit vector.</summary>
    public const int BlockSize = 16;

    /// <summary>Largest amount that a lane holds; what is more counts as this.</summary>
    public const int MaxLane = int.MaxValue - 1;

    private const int LogSize = 1 << 14;

    private readonly int[] _log = new int[LogSize];

    public NodeScorer Scorer => scorer;

    /// <summary>Room for the keys of one block.</summary>
    public int[] Scratch { get; } = new int[BlockSize];

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

    /// <summary>How empty the node is (<see cref="ScoreWeights"/>).</summary>
    public int[] Key { get; private set; } = [];

    /// <summary>What all GPUs together have left, in thousandths; −1 for a node without GPUs.</summary>
    public int[] Gpu { get; private set; } = [];

    /// <summary>What of that is stranded now (<see cref="GpuMix.Stranded"/>).</summary>
    public float[] Stranded { get; private set; } = [];

    /// <summary>What a thousandth of a GPU costs here because others ask for it by name.</summary>
    public float[] Named { get; private set; } = [];

    /// <summary>What the single GPUs have left (<see cref="GpuMix.SignatureOf"/>).</summary>
    public int[] Signature { get; private set; } = [];

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
    public void Set(LedgerNode node)
    {
        var (i, free) = (node.Index, node.FreeShape(revocable));
        Cpu[i] = free.Cpu;
        Memory[i] = free.Memory;
        Disk[i] = free.Disk;
        Whole[i] = free.Whole;
        Share[i] = free.Share;
        Ports[i] = free.Ports;
        Key[i] = scorer.LaneKey(node);
        if (scorer.IsByLane) Gpu[i] = -1;
        else Judge(node);
        Touch(i);
    }

    /// <summary>Makes the parts of the keys anew that follow from what was learned, for all nodes.</summary>
    public void Judge(List<LedgerNode> nodes)
    {
        scorer.Mix.CostNames(nodes, scorer.TotalGpu, Named);
        foreach (var node in nodes) Judge(node);
    }

    /// <summary>Notes that something about a node has changed.</summary>
    public void Touch(int node) => _log[Changes++ & (LogSize - 1)] = node / BlockSize;

    private void Judge(LedgerNode node)
    {
        var i = node.Index;
        if (node.Gpus.Count == 0)
        {
            Gpu[i] = -1;
            return;
        }

        Gpu[i] = (int)Math.Clamp(node.Amounts.Free.GpuMillis, 0, MaxLane);
        Stranded[i] = scorer.Mix.Stranded(Gpu[i], Cpu[i], Memory[i]);
        Signature[i] = scorer.Mix.SignatureOf(node.Gpus);
    }

    private void Grow(int size)
    {
        (Cpu, Memory, Disk, Whole, Share) = (Grown(Cpu), Grown(Memory), Grown(Disk), Grown(Whole), Grown(Share));
        (Ports, Key, Gpu, Signature) = (Grown(Ports), Grown(Key), Grown(Gpu), Grown(Signature));
        (Stranded, Named) = ([.. Stranded, .. new float[size - Stranded.Length]], [.. Named, .. new float[size - Named.Length]]);

        int[] Grown(int[] lane)
        {
            var grown = new int[size];
            grown.AsSpan(lane.Length).Fill(-1);
            lane.CopyTo(grown, 0);
            return grown;
        }
    }
}
