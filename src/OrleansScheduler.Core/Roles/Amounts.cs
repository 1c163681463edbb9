namespace OrleansScheduler.Core;

/// <summary>Arithmetic on amounts, dimension by dimension.</summary>
internal static class Amounts
{
    public static Resources Min(in Resources a, in Resources b) => new(
        Math.Min(a.CpuMillis, b.CpuMillis), Math.Min(a.MemoryMiB, b.MemoryMiB),
        Math.Min(a.DiskMiB, b.DiskMiB), Math.Min(a.GpuMillis, b.GpuMillis));

    public static Resources Max(in Resources a, in Resources b) => new(
        Math.Max(a.CpuMillis, b.CpuMillis), Math.Max(a.MemoryMiB, b.MemoryMiB),
        Math.Max(a.DiskMiB, b.DiskMiB), Math.Max(a.GpuMillis, b.GpuMillis));

    /// <summary>The same without what is below zero.</summary>
    public static Resources Positive(in Resources a) => Max(a, Resources.None);

    public static long In(this in Resources amount, Dimension dimension) => dimension switch
    {
        Dimension.Cpu => amount.CpuMillis,
        Dimension.Memory => amount.MemoryMiB,
        Dimension.Disk => amount.DiskMiB,
        _ => amount.GpuMillis,
    };

    /// <summary>Dominant share: the largest quotient; dimensions of which there is nothing are left out.</summary>
    public static double DominantShare(in Resources amount, in Resources total)
    {
        var share = 0.0;
        if (total.CpuMillis > 0) share = (double)amount.CpuMillis / total.CpuMillis;
        if (total.MemoryMiB > 0) share = Math.Max(share, (double)amount.MemoryMiB / total.MemoryMiB);
        if (total.DiskMiB > 0) share = Math.Max(share, (double)amount.DiskMiB / total.DiskMiB);
        if (total.GpuMillis > 0) share = Math.Max(share, (double)amount.GpuMillis / total.GpuMillis);
        return share;
    }
}
