using System.Diagnostics;

namespace OrleansScheduler.Chaos;

/// <summary>What processes have used so far, and hold now.</summary>
/// <param name="CpuSeconds">Processor time since they began.</param>
/// <param name="MemoryBytes">Resident memory.</param>
internal readonly record struct ProcessUse(double CpuSeconds, long MemoryBytes)
{
    /// <summary>Of those that run.</summary>
    public static ProcessUse Of(IEnumerable<CellProcess> processes) =>
        processes.Where(process => process.IsRunning).Select(One).Aggregate(
            default(ProcessUse), (sum, one) => new(sum.CpuSeconds + one.CpuSeconds, sum.MemoryBytes + one.MemoryBytes));

    private static ProcessUse One(CellProcess cell)
    {
        using var process = Process.GetProcessById(cell.Id);
        return new(process.TotalProcessorTime.TotalSeconds, process.WorkingSet64);
    }
}

/// <summary>How busy the machine is.</summary>
internal static class LoadAverage
{
    /// <summary>Of the last minute, as the machine says.</summary>
    public static double Now => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
}
