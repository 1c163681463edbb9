using System.Numerics;

namespace OrleansScheduler.Core;

/// <summary>
/// What a unit of each dimension counts for in a node's key, so that all of an average node counts the same in every dimension.
/// </summary>
/// <remarks>Rounded to powers of two: the keys of all nodes are made anew only when an average has doubled or halved.</remarks>
internal readonly record struct ScoreWeights(double Cpu, double Memory, double Disk, double Gpu)
{
    private const double Unit = 1 << 20;

    public static ScoreWeights Of(in Resources capacity, int nodes, PlacementPolicy policy)
    {
        var unit = policy == PlacementPolicy.Spread ? -Unit : Unit;
        return new(Weight(capacity.CpuMillis), Weight(capacity.MemoryMiB), Weight(capacity.DiskMiB), Weight(capacity.GpuMillis));

        double Weight(long sum)
        {
            var average = nodes == 0 ? 0 : sum / nodes;
            return average <= 0 ? 0 : unit / (1L << BitOperations.Log2((ulong)average));
        }
    }

    /// <summary>How empty a node is: the smaller, the better it fits what fits it at all.</summary>
    public int Key(in Resources free)
    {
        var sum = (free.CpuMillis * Cpu) + (free.MemoryMiB * Memory) + (free.DiskMiB * Disk) + (free.GpuMillis * Gpu);
        return (int)Math.Clamp(sum, -NodeTable.MaxLane, NodeTable.MaxLane);
    }
}
