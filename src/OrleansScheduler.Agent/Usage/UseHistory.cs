namespace OrleansScheduler.Agent;

/// <summary>Measurements of one attempt in a row: makes rates of sums, and remembers peaks for a while.</summary>
internal sealed class UseHistory
{
    /// <summary>What a peak keeps of itself from one measurement to the next: half of it is forgotten in about two minutes.</summary>
    private const double Memory = 0.95;

    /// <summary>Measurements until an attempt shows how much it needs: most use more, or less, when they start.</summary>
    private const int Settled = 6;

    private TimeSpan _cpu;
    private long _measuredAt;
    private double _peakCpuMillis;
    private double _peakMemoryMiB;
    private int _count;

    /// <summary>When its sandbox is to be measured again.</summary>
    public long DiskDue { get; set; }

    /// <summary>What its sandbox took at the last look.</summary>
    public long? DiskBytes { get; set; }

    /// <summary>Takes a measurement; the cpu since the one before in thousandths of a core, null at the first.</summary>
    public long? Add(TaskUsage usage, TimeProvider time)
    {
        var (before, since) = (_cpu, _measuredAt);
        (_cpu, _measuredAt) = (usage.Cpu, time.GetTimestamp());
        _peakMemoryMiB = Math.Max(_peakMemoryMiB * Memory, usage.MemoryBytes / (1024.0 * 1024));
        var span = time.GetElapsedTime(since);
        if (_count++ == 0 || span <= TimeSpan.Zero) return null;
        var rate = Math.Max(0, (usage.Cpu - before) / span * 1000);
        _peakCpuMillis = Math.Max(_peakCpuMillis * Memory, rate);
        return (long)rate;
    }

    /// <summary>What of a request has not been used lately.</summary>
    public Resources Unused(Resources request) => _count < Settled
        ? Resources.None
        : new(
            Math.Max(0, request.CpuMillis - (long)Math.Ceiling(_peakCpuMillis)),
            Math.Max(0, request.MemoryMiB - (long)Math.Ceiling(_peakMemoryMiB)), 0, 0);
}
