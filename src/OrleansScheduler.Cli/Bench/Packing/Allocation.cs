namespace OrleansScheduler.Cli;

/// <summary>What is allocated, in percent of all that there is; null where there is nothing.</summary>
internal readonly record struct Allocation(double? Cpu, double? Memory, double? Gpu)
{
    public static Allocation Of(PackingCell cell) => new(
        Percent(cell.Used.CpuMillis, cell.Capacity.CpuMillis), Percent(cell.Used.MemoryMiB, cell.Capacity.MemoryMiB),
        Percent(cell.Used.GpuMillis, cell.Capacity.GpuMillis));

    /// <summary>A part in percent; null of nothing.</summary>
    public static double? Percent(double part, double whole) => whole > 0 ? 100 * part / whole : null;
}
