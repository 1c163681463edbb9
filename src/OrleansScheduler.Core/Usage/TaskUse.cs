namespace OrleansScheduler.Core;

/// <summary>What one attempt uses, as its agent last measured it.</summary>
[GenerateSerializer, Immutable, Alias("osched.TaskUse")]
public sealed record TaskUse
{
    /// <summary>The attempt.</summary>
    [Id(0)] public required AttemptId Attempt { get; init; }

    /// <summary>When it was measured, by the agent's clock.</summary>
    [Id(1)] public DateTimeOffset At { get; init; }

    /// <summary>Thousandths of a core since the measurement before; null at the first one, and when it cannot be told.</summary>
    [Id(2)] public long? CpuMillis { get; init; }

    /// <summary>Processor time since its start.</summary>
    [Id(3)] public TimeSpan CpuTime { get; init; }

    /// <summary>Memory that it has, without what the kernel could take back at once.</summary>
    [Id(4)] public long MemoryBytes { get; init; }

    /// <summary>Most memory that it had at once; 0 when that is not known.</summary>
    [Id(5)] public long PeakMemoryBytes { get; init; }

    /// <summary>How many processes it has.</summary>
    [Id(6)] public int Processes { get; init; }

    /// <summary>What its sandbox takes on disk; null when it was not measured.</summary>
    [Id(7)] public long? DiskBytes { get; init; }

    /// <summary>Bytes read from block devices since its start.</summary>
    [Id(8)] public long DiskReadBytes { get; init; }

    /// <summary>Bytes written to block devices since its start.</summary>
    [Id(9)] public long DiskWrittenBytes { get; init; }
}
