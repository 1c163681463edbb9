namespace OrleansScheduler.Core;

/// <summary>How often a node's cpu and memory may be promised by what was measured there. Pure.</summary>
public static class Oversubscription
{
    /// <summary>What is lent changes in steps, so that noise changes nothing.</summary>
    private const int Steps = 20;

    /// <summary>
    /// The factor for <see cref="NodeDescription.Overcommit"/>: 1 and the part of the capacity that was asked for and is not used, of cpu
    /// or memory, whichever is less, and never more than the node allows. Nothing is lent where nothing is known, or disk is short.
    /// </summary>
    public static double Of(NodeDescription node, NodeUse? use)
    {
        if (!node.OvercommitByUse) return node.Overcommit;
        if (use is null or { DiskPressure: true } || node.Capacity.CpuMillis <= 0 || node.Capacity.MemoryMiB <= 0) return 1;
        var part = Math.Min(
            (double)use.Unused.CpuMillis / node.Capacity.CpuMillis, (double)use.Unused.MemoryMiB / node.Capacity.MemoryMiB);
        return Math.Clamp(1 + (Math.Floor(part * Steps) / Steps), 1, Math.Max(1, node.Overcommit));
    }
}
