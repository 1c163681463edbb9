using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansScheduler.Core;

/// <summary>Orders nodes that fit: the smallest key goes first. The key of a node for a shape is the same in every vector width.</summary>
/// <remarks>
/// Nodes without GPUs are ordered by how empty they are (best fit, or worst fit). Where there are GPUs and the policy is to pack, a key is
/// what the placement makes unusable (<see cref="GpuMix"/>): a task without GPUs goes to nodes without GPUs first.
/// </remarks>
internal sealed class NodeScorer
{
    /// <summary>Keys to one thousandth of a GPU.</summary>
    public const float KeyUnit = 1024;

    /// <summary>Keys of nodes without GPUs are below those of all others.</summary>
    private const int WithoutGpus = -1_000_000_000;

    private const float FreeGpu = 1f / 1024;
    private const float FreeCpu = 1f / 1000 / 128;
    private const float FreeMemory = 1f / 8192 / 128;

    public NodeScorer(PlacementPolicy policy) => Policy = policy;

    public PlacementPolicy Policy { get; }

    public GpuMix Mix { get; } = new();

    /// <summary>Grows whenever keys of nodes have changed that have not changed themselves.</summary>
    public long Version { get; private set; }

    public ScoreWeights Weights { get; private set; }

    /// <summary>GPUs of all nodes, in thousandths.</summary>
    public long TotalGpu { get; private set; }

    /// <summary>Whether keys stand in <see cref="NodeTable.Key"/> as they are.</summary>
    public bool IsByLane => Policy != PlacementPolicy.Pack || TotalGpu == 0;

    /// <summary>Follows the capacity of the cell; true when the keys of all nodes have to be made anew.</summary>
    public bool Weigh(in Resources capacity, int nodes)
    {
        var hadGpus = TotalGpu > 0;
        TotalGpu = capacity.GpuMillis;
        var weights = ScoreWeights.Of(capacity, nodes, Policy);
        if (weights == Weights && hadGpus == TotalGpu > 0) return false;
        Weights = weights;
        Version++;
        return true;
    }

    /// <summary>Takes notice of tasks; true when the keys of all nodes have to be made anew.</summary>
    public bool See(in Resources request, ConstraintSet constraints, int count)
    {
        if (Policy != PlacementPolicy.Pack) return false;
        Mix.See(request, constraints, count);
        if (!Mix.IsDue) return false;
        Mix.Learn();
        Version++;
        return true;
    }

    /// <summary>A node's own part of its keys.</summary>
    public int LaneKey(LedgerNode node) => Weights.Key(node.Amounts.Free);

    /// <summary>The keys of one block.</summary>
    /// <param name="table">The nodes.</param>
    /// <param name="shape">For what.</param>
    /// <param name="block">The block.</param>
    /// <param name="fitting">Nodes of it that matter; the others' keys mean nothing.</param>
    /// <param name="width">How wide to compute.</param>
    /// <param name="keys">The sixteen keys.</param>
    public void Score(NodeTable table, in Shape shape, int block, uint fitting, VectorWidth width, Span<int> keys)
    {
        switch (width)
        {
            case VectorWidth.Sixteen:
                Score512(table, shape, block, keys);
                break;
            case VectorWidth.Eight:
                Score256(table, shape, block, 0, keys);
                Score256(table, shape, block, 8, keys);
                break;
            default:
                for (var i = 0; i < NodeTable.BlockSize; i++)
                {
                    if ((fitting >> i & 1) != 0) keys[i] = Score(table, shape, (block * NodeTable.BlockSize) + i);
                }

                break;
        }

        if (shape.Share > 0) AddShares(table, shape.Share, block, fitting, keys);
    }

    private int Score(NodeTable table, in Shape shape, int node)
    {
        if (table.Gpu[node] < 0) return WithoutGpus + (table.Key[node] >> 2);
        var gpu = (float)shape.Gpu;
        var (free, cpu, memory) = (table.Gpu[node] - gpu, (float)(table.Cpu[node] - shape.Cpu), (float)(table.Memory[node] - shape.Memory));
        var cost = Mix.Stranded(free, cpu, memory) - table.Stranded[node] + ((cpu * FreeCpu) + (memory * FreeMemory));
        if (gpu > 0) cost += (free * FreeGpu) + (gpu * table.Named[node]);
        return (int)(cost * KeyUnit);
    }

    private void Score512(NodeTable table, in Shape shape, int block, Span<int> keys)
    {
        var at = (nuint)(block * NodeTable.BlockSize);
        var total = Load(table.Gpu, at);
        var gpu = Vector512.Create((float)shape.Gpu);
        var free = Vector512.ConvertToSingle(total) - gpu;
        var cpu = Vector512.ConvertToSingle(Load(table.Cpu, at) - Vector512.Create(shape.Cpu));
        var memory = Vector512.ConvertToSingle(Load(table.Memory, at) - Vector512.Create(shape.Memory));
        var g = Vector512.Max(free, Vector512<float>.One);
        var x = Vector512.Max(Vector512<float>.Zero, (Vector512.Create(Mix.CpuPerGpu) * g) - cpu);
        var y = Vector512.Max(Vector512<float>.Zero, (Vector512.Create(Mix.MemoryPerGpu) * g) - memory);
        var cost = ((x * x * Vector512.Create(Mix.CpuScale)) + (y * y * Vector512.Create(Mix.MemoryScale))) / g;
        cost = cost - Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Stranded), at)
            + ((cpu * Vector512.Create(FreeCpu)) + (memory * Vector512.Create(FreeMemory)));
        if (shape.Gpu > 0)
        {
            cost += (free * Vector512.Create(FreeGpu))
                + (gpu * Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Named), at));
        }

        var key = Vector512.ConvertToInt32Native(cost * Vector512.Create(KeyUnit));
        var bare = Vector512.Create(WithoutGpus) + (Load(table.Key, at) >> 2);
        key = Vector512.ConditionalSelect(Vector512.LessThan(total, Vector512<int>.Zero), bare, key);
        key.CopyTo(keys);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector512<int> Load(int[] lane, nuint at) => Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(lane), at);
    }

    private void Score256(NodeTable table, in Shape shape, int block, int half, Span<int> keys)
    {
        var at = (nuint)((block * NodeTable.BlockSize) + half);
        var total = Load(table.Gpu, at);
        var gpu = Vector256.Create((float)shape.Gpu);
        var free = Vector256.ConvertToSingle(total) - gpu;
        var cpu = Vector256.ConvertToSingle(Load(table.Cpu, at) - Vector256.Create(shape.Cpu));
        var memory = Vector256.ConvertToSingle(Load(table.Memory, at) - Vector256.Create(shape.Memory));
        var g = Vector256.Max(free, Vector256<float>.One);
        var x = Vector256.Max(Vector256<float>.Zero, (Vector256.Create(Mix.CpuPerGpu) * g) - cpu);
        var y = Vector256.Max(Vector256<float>.Zero, (Vector256.Create(Mix.MemoryPerGpu) * g) - memory);
        var cost = ((x * x * Vector256.Create(Mix.CpuScale)) + (y * y * Vector256.Create(Mix.MemoryScale))) / g;
        cost = cost - Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Stranded), at)
            + ((cpu * Vector256.Create(FreeCpu)) + (memory * Vector256.Create(FreeMemory)));
        if (shape.Gpu > 0)
        {
            cost += (free * Vector256.Create(FreeGpu))
                + (gpu * Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Named), at));
        }

        var key = Vector256.ConvertToInt32Native(cost * Vector256.Create(KeyUnit));
        var bare = Vector256.Create(WithoutGpus) + (Load(table.Key, at) >> 2);
        key = Vector256.ConditionalSelect(Vector256.LessThan(total, Vector256<int>.Zero), bare, key);
        key.CopyTo(keys[half..]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Load(int[] lane, nuint at) => Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(lane), at);
    }

    private void AddShares(NodeTable table, int share, int block, uint fitting, Span<int> keys)
    {
        var costs = Mix.CostsOf(share);
        for (var left = fitting; left != 0; left &= left - 1)
        {
            var lane = System.Numerics.BitOperations.TrailingZeroCount(left);
            var signature = table.Signature[(block * NodeTable.BlockSize) + lane];
            var cost = costs[signature];
            if (cost == NodeScan.None) costs[signature] = cost = Mix.CostOf(signature, share);
            keys[lane] += cost;
        }
    }
}
