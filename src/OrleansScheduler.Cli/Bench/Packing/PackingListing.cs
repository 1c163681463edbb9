using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>How results are printed.</summary>
internal static class PackingListing
{
    /// <summary>Where tasks never end.</summary>
    public static readonly Listing<PackingRow> Inflation = new(
        Name,
        new("TRACE", row => row.Trace),
        new("SCORER", row => Name(row)),
        new("PLACED", row => Text(row.Placed, "0")),
        new("DROPPED", row => Text(row.Dropped, "0"), WideOnly: true),
        new("FIRST FAIL cpu/mem/gpu", row => Three(
            row.CpuAllocatedAtFirstFailure, row.MemoryAllocatedAtFirstFailure, row.GpuAllocatedAtFirstFailure)),
        new("AT 100 %", row => Text(row.GpuAllocatedAt100 ?? row.CpuAllocatedAt100)),
        new("AT 130 % cpu/mem/gpu", row => Three(row.CpuAllocatedAtEnd, row.MemoryAllocatedAtEnd, row.GpuAllocatedAtEnd)),
        new("FRAGMENTED", row => Text(row.Fragmentation)),
        new("MULTI-GPU", row => row.MultiGpuAsked is null ? "" : $"{Text(row.MultiGpuPlaced, "0")}/{Text(row.MultiGpuAsked, "0")}"),
        new("US", row => Text(row.UsPerDecision, "0.0")));

    /// <summary>Where they do.</summary>
    public static readonly Listing<PackingRow> Replay = new(
        Name,
        new("TRACE", row => row.Trace),
        new("TEST", row => row.Test.ToString().ToLowerInvariant()),
        new("SCORER", row => Name(row)),
        new("STARTED", row => Text(row.Placed, "0")),
        new("NEVER", row => Text(row.Dropped, "0")),
        new("MEAN WAIT s", row => Text(row.MeanWaitSeconds, "0.0")),
        new("MEDIAN s", row => Text(row.MedianWaitSeconds, "0.0")),
        new("P99 s", row => Text(row.P99WaitSeconds, "0")),
        new("MAKESPAN s", row => Text(row.MakespanSeconds, "0")),
        new("MEAN cpu/gpu", row => row.MakespanSeconds is null ? "" : $"{Text(row.MeanCpuAllocated)}/{Text(row.MeanGpuAllocated)}"),
        new("US", row => Text(row.UsPerDecision, "0.0")));

    private static string Name(PackingRow row) =>
        row.LookAhead > 0 ? $"{row.Scorer}+{row.LookAhead}" : row.Offline ? $"{row.Scorer} (offline)" : row.Scorer;

    private static string Three(double? cpu, double? memory, double? gpu) =>
        cpu is null ? "" : $"{Text(cpu, "0.0")}/{Text(memory, "0.0")}/{Text(gpu, "0.0")}";

    private static string Text(double? value, string format = "0.00") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
