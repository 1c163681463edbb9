using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansScheduler.Core;

/// <summary>How wide the vectors are that a search uses.</summary>
internal enum VectorWidth
{
    /// <summary>One node at a time.</summary>
    Scalar = 1,

    /// <summary>Eight nodes at a time.</summary>
    Eight = 8,

    /// <summary>Sixteen nodes at a time.</summary>
    Sixteen = 16,
}

/// <summary>
/// The inner loops of placing: which of the nodes that fit and are allowed has the smallest key. All widths give the same answer; ties go
/// to the lowest node.
/// </summary>
internal static class NodeScan
{
    /// <summary>The widest that this machine does in one instruction.</summary>
    public static VectorWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? VectorWidth.Sixteen : Vector256.IsHardwareAccelerated ? VectorWidth.Eight : VectorWidth.Scalar;

    /// <summary>Key of "no node": above every key.</summary>
    public const int None = int.MaxValue;

    private static readonly int[] LaneBits = [.. Enumerable.Range(0, NodeTable.BlockSize).Select(i => 1 << i)];
    private static readonly int[] LaneNumbers = [.. Enumerable.Range(0, NodeTable.BlockSize)];

    /// <summary>The best node of all; -1 when none fits.</summary>
    /// <param name="table">The nodes.</param>
    /// <param name="shape">What must fit.</param>
    /// <param name="allowed">A bit a node, sixteen to a word.</param>
    /// <param name="width">How wide to look.</param>
    public static int Best(NodeTable table, in Shape shape, ushort[] allowed, VectorWidth width) => width switch
    {
        VectorWidth.Sixteen => Best512(table, shape, allowed),
        VectorWidth.Eight => Best256(table, shape, allowed),
        _ => BestScalar(table, shape, allowed),
    };

    /// <summary>The smallest key in one block; <see cref="None"/> when no node of it fits.</summary>
    public static int BestKey(NodeTable table, in Shape shape, int block, uint allowed, VectorWidth width)
    {
        if (allowed == 0) return None;
        return width switch
        {
            VectorWidth.Sixteen => BestKey512(table, shape, block, allowed),
            VectorWidth.Eight => BestKey256(table, shape, block, allowed),
            _ => BestKeyScalar(table, shape, block, allowed, out _),
        };
    }

    /// <summary>The first node of a block that fits and has the smallest key; -1 when none fits.</summary>
    public static int BestInBlock(NodeTable table, in Shape shape, int block, uint allowed)
    {
        BestKeyScalar(table, shape, block, allowed, out var node);
        return node;
    }

    /// <summary>The first index of the smallest of <paramref name="keys"/>; -1 when all are <see cref="None"/>.</summary>
    /// <param name="keys">Keys, padded with <see cref="None"/> to whole vectors.</param>
    /// <param name="width">How wide to look.</param>
    public static int IndexOfSmallest(ReadOnlySpan<int> keys, VectorWidth width)
    {
        var smallest = None;
        ref var first = ref MemoryMarshal.GetReference(keys);
        if (width == VectorWidth.Sixteen)
        {
            var best = Vector512.Create(None);
            for (var i = 0; i < keys.Length; i += 16) best = Vector512.Min(best, Vector512.LoadUnsafe(ref first, (nuint)i));
            smallest = Smallest(Vector256.Min(best.GetLower(), best.GetUpper()));
        }
        else if (width == VectorWidth.Eight)
        {
            var best = Vector256.Create(None);
            for (var i = 0; i < keys.Length; i += 8) best = Vector256.Min(best, Vector256.LoadUnsafe(ref first, (nuint)i));
            smallest = Smallest(best);
        }
        else
        {
            foreach (var key in keys) smallest = Math.Min(smallest, key);
        }

        return smallest == None ? -1 : keys.IndexOf(smallest);
    }

    /// <summary>Whether one node fits.</summary>
    public static bool Fits(NodeTable table, in Shape shape, int node) =>
        table.Cpu[node] >= shape.Cpu && table.Memory[node] >= shape.Memory && table.Disk[node] >= shape.Disk
        && table.Whole[node] >= shape.Whole && table.Share[node] >= shape.Share && table.Ports[node] >= shape.Ports;

    private static int BestScalar(NodeTable table, in Shape shape, ushort[] allowed)
    {
        var (best, bestNode) = (None, -1);
        for (var block = 0; block < table.Blocks; block++)
        {
            var key = BestKeyScalar(table, shape, block, allowed[block], out var node);
            if (key < best) (best, bestNode) = (key, node);
        }

        return bestNode;
    }

    private static int BestKeyScalar(NodeTable table, in Shape shape, int block, uint allowed, out int node)
    {
        var keys = table.Keys[(int)shape.Kind];
        var best = None;
        node = -1;
        for (var left = allowed; left != 0; left &= left - 1)
        {
            var at = (block * NodeTable.BlockSize) + BitOperations.TrailingZeroCount(left);
            if (keys[at] < best && Fits(table, shape, at)) (best, node) = (keys[at], at);
        }

        return best;
    }

    private static int Best512(NodeTable table, in Shape shape, ushort[] allowed)
    {
        ref var cpus = ref MemoryMarshal.GetArrayDataReference(table.Cpu);
        ref var memories = ref MemoryMarshal.GetArrayDataReference(table.Memory);
        ref var disks = ref MemoryMarshal.GetArrayDataReference(table.Disk);
        ref var wholes = ref MemoryMarshal.GetArrayDataReference(table.Whole);
        ref var shares = ref MemoryMarshal.GetArrayDataReference(table.Share);
        ref var ports = ref MemoryMarshal.GetArrayDataReference(table.Ports);
        ref var keys = ref MemoryMarshal.GetArrayDataReference(table.Keys[(int)shape.Kind]);
        var (cpu, memory, disk) = (Vector512.Create(shape.Cpu), Vector512.Create(shape.Memory), Vector512.Create(shape.Disk));
        var (whole, share, port) = (Vector512.Create(shape.Whole), Vector512.Create(shape.Share), Vector512.Create(shape.Ports));
        var bits = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(LaneBits));
        var best = Vector512.Create(None);
        var bestBlock = Vector512.Create(-1);
        var (needsDisk, needsGpu, needsPorts) = (shape.Disk > 0, (shape.Whole | shape.Share) > 0, shape.Ports > 0);
        var blocks = table.Blocks;
        for (var block = 0; block < blocks; block++)
        {
            var at = (nuint)(block * NodeTable.BlockSize);
            var fit = Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref cpus, at), cpu)
                & Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref memories, at), memory);
            if (needsDisk) fit &= Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref disks, at), disk);
            if (needsGpu)
            {
                fit &= Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref wholes, at), whole)
                    & Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref shares, at), share);
            }

            if (needsPorts) fit &= Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref ports, at), port);
            var mask = (uint)fit.ExtractMostSignificantBits() & allowed[block];
            if (mask == 0) continue;
            var key = Vector512.LoadUnsafe(ref keys, at);
            var better = Vector512.Equals(Vector512.Create((int)mask) & bits, bits) & Vector512.LessThan(key, best);
            best = Vector512.ConditionalSelect(better, key, best);
            bestBlock = Vector512.ConditionalSelect(better, Vector512.Create(block), bestBlock);
        }

        return First(best, bestBlock);
    }

    private static int First(Vector512<int> best, Vector512<int> bestBlock)
    {
        var smallest = Smallest(Vector256.Min(best.GetLower(), best.GetUpper()));
        if (smallest == None) return -1;
        var candidates = Vector512.Equals(best, Vector512.Create(smallest));
        var numbers = (bestBlock * NodeTable.BlockSize) + Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(LaneNumbers));
        var nodes = Vector512.ConditionalSelect(candidates, numbers, Vector512.Create(None));
        return Smallest(Vector256.Min(nodes.GetLower(), nodes.GetUpper()));
    }

    private static int Best256(NodeTable table, in Shape shape, ushort[] allowed)
    {
        var (best, bestBlock) = (None, -1);
        for (var block = 0; block < table.Blocks; block++)
        {
            if (allowed[block] == 0) continue;
            var key = BestKey256(table, shape, block, allowed[block]);
            if (key < best) (best, bestBlock) = (key, block);
        }

        return bestBlock < 0 ? -1 : BestInBlock(table, shape, bestBlock, allowed[bestBlock]);
    }

    private static int BestKey512(NodeTable table, in Shape shape, int block, uint allowed)
    {
        var at = (nuint)(block * NodeTable.BlockSize);
        var fit = AtLeast512(table.Cpu, at, shape.Cpu) & AtLeast512(table.Memory, at, shape.Memory);
        if (shape.Disk > 0) fit &= AtLeast512(table.Disk, at, shape.Disk);
        if ((shape.Whole | shape.Share) > 0) fit &= AtLeast512(table.Whole, at, shape.Whole) & AtLeast512(table.Share, at, shape.Share);
        if (shape.Ports > 0) fit &= AtLeast512(table.Ports, at, shape.Ports);
        var mask = (uint)fit.ExtractMostSignificantBits() & allowed;
        if (mask == 0) return None;
        var bits = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(LaneBits));
        var key = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Keys[(int)shape.Kind]), at);
        key = Vector512.ConditionalSelect(Vector512.Equals(Vector512.Create((int)mask) & bits, bits), key, Vector512.Create(None));
        return Smallest(Vector256.Min(key.GetLower(), key.GetUpper()));
    }

    private static int BestKey256(NodeTable table, in Shape shape, int block, uint allowed)
    {
        var low = (nuint)(block * NodeTable.BlockSize);
        var best = Vector256.Create(None);
        for (var half = 0; half < 2; half++)
        {
            var at = low + (nuint)(half * 8);
            var fit = AtLeast256(table.Cpu, at, shape.Cpu) & AtLeast256(table.Memory, at, shape.Memory)
                & AtLeast256(table.Disk, at, shape.Disk) & AtLeast256(table.Whole, at, shape.Whole)
                & AtLeast256(table.Share, at, shape.Share) & AtLeast256(table.Ports, at, shape.Ports);
            var mask = (fit.ExtractMostSignificantBits() & (allowed >> (half * 8))) & 0xFF;
            if (mask == 0) continue;
            var bits = Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(LaneBits));
            var key = Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Keys[(int)shape.Kind]), at);
            key = Vector256.ConditionalSelect(Vector256.Equals(Vector256.Create((int)mask) & bits, bits), key, Vector256.Create(None));
            best = Vector256.Min(best, key);
        }

        return Smallest(best);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> AtLeast512(int[] lane, nuint at, int least) =>
        Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(lane), at), Vector512.Create(least));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AtLeast256(int[] lane, nuint at, int least) =>
        Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(lane), at), Vector256.Create(least));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Smallest(Vector256<int> values)
    {
        var four = Vector128.Min(values.GetLower(), values.GetUpper());
        var two = Vector128.Min(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var one = Vector128.Min(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)));
        return one.ToScalar();
    }
}
