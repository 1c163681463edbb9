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
/// <remarks>
/// A node fits when no difference of free and asked is negative: the differences of all dimensions are or-ed, and the sign bits of sixteen
/// nodes make one mask. Lanes and shapes are between −1 and <see cref="NodeTable.MaxLane"/>, so differences cannot overflow.
/// </remarks>
internal static class NodeScan
{
    /// <summary>The widest that this machine does in one instruction.</summary>
    public static VectorWidth Widest { get; } =
        Vector512.IsHardwareAccelerated ? VectorWidth.Sixteen : Vector256.IsHardwareAccelerated ? VectorWidth.Eight : VectorWidth.Scalar;

    /// <summary>Key of "no node": above every key.</summary>
    public const int None = int.MaxValue;

    private static readonly int[] LaneBits = [.. Enumerable.Range(0, NodeTable.BlockSize).Select(i => 1 << i)];

    /// <summary>The best node of all; -1 when none fits.</summary>
    /// <param name="table">The nodes.</param>
    /// <param name="shape">What must fit.</param>
    /// <param name="allowed">A bit a node, sixteen to a word.</param>
    /// <param name="width">How wide to look.</param>
    public static int Best(NodeTable table, in Shape shape, ushort[] allowed, VectorWidth width)
    {
        if (width == VectorWidth.Sixteen && table.Scorer.IsByLane)
        {
            return (shape.Gpu > 0, shape.Disk > 0, shape.Ports > 0) switch
            {
                (false, false, false) => BestByLane<No, No, No>(table, shape, allowed),
                (false, false, true) => BestByLane<No, No, Yes>(table, shape, allowed),
                (false, true, false) => BestByLane<No, Yes, No>(table, shape, allowed),
                (false, true, true) => BestByLane<No, Yes, Yes>(table, shape, allowed),
                (true, false, false) => BestByLane<Yes, No, No>(table, shape, allowed),
                (true, false, true) => BestByLane<Yes, No, Yes>(table, shape, allowed),
                (true, true, false) => BestByLane<Yes, Yes, No>(table, shape, allowed),
                (true, true, true) => BestByLane<Yes, Yes, Yes>(table, shape, allowed),
            };
        }

        var (best, bestNode) = (None, -1);
        Span<int> keys = table.Scratch;
        for (var block = 0; block < table.Blocks; block++)
        {
            if (allowed[block] == 0) continue;
            var fitting = Fitting(table, shape, block, width) & allowed[block];
            if (fitting == 0) continue;
            var key = Smallest(table, shape, block, fitting, width, keys, out var node);
            if (key < best) (best, bestNode) = (key, node);
        }

        return bestNode;
    }

    /// <summary>The smallest key in one block and its first node; <see cref="None"/> and -1 when no node of it fits.</summary>
    public static int BestKey(NodeTable table, in Shape shape, int block, uint allowed, VectorWidth width, out int node)
    {
        node = -1;
        if (allowed == 0) return None;
        var fitting = Fitting(table, shape, block, width) & allowed;
        if (fitting == 0) return None;
        Span<int> keys = table.Scratch;
        return Smallest(table, shape, block, fitting, width, keys, out node);
    }

    /// <summary>The smallest key in one block; <see cref="None"/> when no node of it fits.</summary>
    public static int BestKey(NodeTable table, in Shape shape, int block, uint allowed, VectorWidth width)
    {
        if (width != VectorWidth.Sixteen || !table.Scorer.IsByLane) return BestKey(table, shape, block, allowed, width, out _);
        var fitting = Fitting(table, shape, block, width) & allowed;
        if (fitting == 0) return None;
        var at = (nuint)(block * NodeTable.BlockSize);
        var bits = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(LaneBits));
        var keys = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.Key), at);
        keys = Vector512.ConditionalSelect(Vector512.Equals(Vector512.Create((int)fitting) & bits, bits), keys, Vector512.Create(None));
        return Smallest(Vector256.Min(keys.GetLower(), keys.GetUpper()));
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

    /// <summary>The nodes of a block that fit, a bit each.</summary>
    private static uint Fitting(NodeTable table, in Shape shape, int block, VectorWidth width)
    {
        var at = (nuint)(block * NodeTable.BlockSize);
        switch (width)
        {
            case VectorWidth.Sixteen:
                var less = Less512(table.Cpu, at, shape.Cpu) | Less512(table.Memory, at, shape.Memory);
                if (shape.Disk > 0) less |= Less512(table.Disk, at, shape.Disk);
                if (shape.Ports > 0) less |= Less512(table.Ports, at, shape.Ports);
                if (shape.Whole > 0) less |= Less512(table.Whole, at, shape.Whole);
                if (shape.Share > 0) less |= Less512(table.Share, at, shape.Share);
                return (uint)~less.ExtractMostSignificantBits() & 0xFFFF;
            case VectorWidth.Eight:
                return Fitting256(table, shape, at) | (Fitting256(table, shape, at + 8) << 8);
            default:
                var fitting = 0u;
                for (var i = 0; i < NodeTable.BlockSize; i++)
                {
                    if (Fits(table, shape, (int)at + i)) fitting |= 1u << i;
                }

                return fitting;
        }
    }

    private static uint Fitting256(NodeTable table, in Shape shape, nuint at)
    {
        var less = Less256(table.Cpu, at, shape.Cpu) | Less256(table.Memory, at, shape.Memory);
        if (shape.Disk > 0) less |= Less256(table.Disk, at, shape.Disk);
        if (shape.Ports > 0) less |= Less256(table.Ports, at, shape.Ports);
        if (shape.Whole > 0) less |= Less256(table.Whole, at, shape.Whole);
        if (shape.Share > 0) less |= Less256(table.Share, at, shape.Share);
        return ~less.ExtractMostSignificantBits() & 0xFF;
    }

    private static int Smallest(
        NodeTable table, in Shape shape, int block, uint fitting, VectorWidth width, Span<int> keys, out int node)
    {
        ReadOnlySpan<int> scored = keys;
        if (table.Scorer.IsByLane) scored = table.Key.AsSpan(block * NodeTable.BlockSize, NodeTable.BlockSize);
        else table.Scorer.Score(table, shape, block, fitting, width, keys);
        var (best, lane) = (None, -1);
        for (var left = fitting; left != 0; left &= left - 1)
        {
            var i = BitOperations.TrailingZeroCount(left);
            if (scored[i] < best) (best, lane) = (scored[i], i);
        }

        node = (block * NodeTable.BlockSize) + lane;
        return best;
    }

    /// <summary>The whole search in one loop, for keys that stand in their lane: what is most often needed.</summary>
    /// <remarks>
    /// No branch on "none fits", which would be guessed wrong too often. The smallest key is carried from chunk to chunk, not from block to
    /// block: a chain of dependent comparisons through all blocks would take longer than everything else together.
    /// </remarks>
    private static int BestByLane<TGpu, TDisk, TPorts>(NodeTable table, in Shape shape, ushort[] allowed)
        where TGpu : struct, IFlag
        where TDisk : struct, IFlag
        where TPorts : struct, IFlag
    {
        const int Chunk = 8;
        ref var cpus = ref MemoryMarshal.GetArrayDataReference(table.Cpu);
        ref var memories = ref MemoryMarshal.GetArrayDataReference(table.Memory);
        ref var disks = ref MemoryMarshal.GetArrayDataReference(table.Disk);
        ref var ports = ref MemoryMarshal.GetArrayDataReference(table.Ports);
        ref var gpus = ref MemoryMarshal.GetArrayDataReference(shape.Whole > 0 ? table.Whole : table.Share);
        ref var keys = ref MemoryMarshal.GetArrayDataReference(table.Key);
        ref var words = ref MemoryMarshal.GetArrayDataReference(allowed);
        var (cpu, memory, gpu) = (Vector512.Create(shape.Cpu), Vector512.Create(shape.Memory), Vector512.Create(shape.Whole + shape.Share));
        var (disk, port) = (Vector512.Create(shape.Disk), Vector512.Create(shape.Ports));
        var bits = Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(LaneBits));
        var none = Vector512.Create(None);
        var best = none;
        var bestChunk = Vector512.Create(-1);
        var blocks = Math.Min(table.Blocks, allowed.Length);
        for (var chunk = 0; chunk < blocks; chunk += Chunk)
        {
            var smallest = none;
            var end = Math.Min(chunk + Chunk, blocks);
            for (var block = chunk; block < end; block++)
            {
                var at = (nuint)(block * NodeTable.BlockSize);
                var less = (Vector512.LoadUnsafe(ref cpus, at) - cpu) | (Vector512.LoadUnsafe(ref memories, at) - memory);
                if (TGpu.IsOn) less |= Vector512.LoadUnsafe(ref gpus, at) - gpu;
                if (TDisk.IsOn) less |= Vector512.LoadUnsafe(ref disks, at) - disk;
                if (TPorts.IsOn) less |= Vector512.LoadUnsafe(ref ports, at) - port;
                var usable = Vector512.GreaterThanOrEqual(less, Vector512<int>.Zero)
                    & Vector512.Equals(Vector512.Create((int)Unsafe.Add(ref words, block)) & bits, bits);
                smallest = Vector512.Min(smallest, Vector512.ConditionalSelect(usable, Vector512.LoadUnsafe(ref keys, at), none));
            }

            var better = Vector512.LessThan(smallest, best);
            best = Vector512.Min(best, smallest);
            bestChunk = Vector512.ConditionalSelect(better, Vector512.Create(chunk), bestChunk);
        }

        var key = Smallest(Vector256.Min(best.GetLower(), best.GetUpper()));
        if (key == None) return -1;
        var chunks = Vector512.ConditionalSelect(Vector512.Equals(best, Vector512.Create(key)), bestChunk, none);
        for (var block = Smallest(Vector256.Min(chunks.GetLower(), chunks.GetUpper())); ; block++)
        {
            if (BestKey(table, shape, block, allowed[block], VectorWidth.Sixteen, out var node) == key) return node;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Less512(int[] lane, nuint at, int least) =>
        Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(lane), at) - Vector512.Create(least);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Less256(int[] lane, nuint at, int least) =>
        Vector256.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(lane), at) - Vector256.Create(least);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Smallest(Vector256<int> values)
    {
        var four = Vector128.Min(values.GetLower(), values.GetUpper());
        var two = Vector128.Min(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var one = Vector128.Min(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2)));
        return one.ToScalar();
    }

    private interface IFlag
    {
        static abstract bool IsOn { get; }
    }

    private readonly struct Yes : IFlag
    {
        public static bool IsOn => true;
    }

    private readonly struct No : IFlag
    {
        public static bool IsOn => false;
    }
}
