namespace OrleansScheduler.Cli;

/// <summary>What one scorer did in one test, as the mean over all seeds. Amounts are percent of all that there is.</summary>
internal sealed record PackingRow
{
    /// <summary>Which tasks.</summary>
    public required string Trace { get; init; }

    /// <summary>Which test.</summary>
    public required PackingTest Test { get; init; }

    /// <summary>Who chose.</summary>
    public required string Scorer { get; init; }

    /// <summary>How many tasks wait so that the cheapest goes first; 0 when each is placed as it comes.</summary>
    public int LookAhead { get; init; }

    /// <summary>Whether all tasks were known beforehand.</summary>
    public bool Offline { get; init; }

    /// <summary>Tasks that got a machine.</summary>
    public double Placed { get; init; }

    /// <summary>Tasks that got none.</summary>
    public double Dropped { get; init; }

    /// <summary>When the first task found no room that an empty cell would have had room for.</summary>
    public double? CpuAllocatedAtFirstFailure { get; init; }

    /// <inheritdoc cref="CpuAllocatedAtFirstFailure"/>
    public double? MemoryAllocatedAtFirstFailure { get; init; }

    /// <inheritdoc cref="CpuAllocatedAtFirstFailure"/>
    public double? GpuAllocatedAtFirstFailure { get; init; }

    /// <summary>When as much had been asked for as there is.</summary>
    public double? CpuAllocatedAt100 { get; init; }

    /// <inheritdoc cref="CpuAllocatedAt100"/>
    public double? GpuAllocatedAt100 { get; init; }

    /// <summary>When 130 % had been asked for.</summary>
    public double? CpuAllocatedAtEnd { get; init; }

    /// <inheritdoc cref="CpuAllocatedAtEnd"/>
    public double? MemoryAllocatedAtEnd { get; init; }

    /// <inheritdoc cref="CpuAllocatedAtEnd"/>
    public double? GpuAllocatedAtEnd { get; init; }

    /// <summary>GPUs that are free at the end and that a task of the trace's GPU tasks could not use, by expectation:
    /// <see cref="Cli.Fragmentation"/>.</summary>
    public double? Fragmentation { get; init; }

    /// <summary>Tasks of two and more GPUs that got a machine.</summary>
    public double? MultiGpuPlaced { get; init; }

    /// <summary>Tasks of two and more GPUs.</summary>
    public double? MultiGpuAsked { get; init; }

    /// <summary>From arrival to start.</summary>
    public double? MeanWaitSeconds { get; init; }

    /// <inheritdoc cref="MeanWaitSeconds"/>
    public double? MedianWaitSeconds { get; init; }

    /// <inheritdoc cref="MeanWaitSeconds"/>
    public double? P99WaitSeconds { get; init; }

    /// <summary>From the first arrival to the last end.</summary>
    public double? MakespanSeconds { get; init; }

    /// <summary>From the first arrival to the last end, on average.</summary>
    public double? MeanCpuAllocated { get; init; }

    /// <inheritdoc cref="MeanCpuAllocated"/>
    public double? MeanGpuAllocated { get; init; }

    /// <summary>Microseconds a task, learning and waiting included.</summary>
    public double? UsPerDecision { get; init; }

    /// <summary>The mean of several runs of the same.</summary>
    public static PackingRow Mean(IReadOnlyList<PackingRow> rows)
    {
        // Null where no run says anything.
        double? Of(Func<PackingRow, double?> value) => rows.Average(value) is { } mean ? Math.Round(mean, 3) : null;
        return rows[0] with
        {
            Placed = Of(row => row.Placed)!.Value,
            Dropped = Of(row => row.Dropped)!.Value,
            CpuAllocatedAtFirstFailure = Of(row => row.CpuAllocatedAtFirstFailure),
            MemoryAllocatedAtFirstFailure = Of(row => row.MemoryAllocatedAtFirstFailure),
            GpuAllocatedAtFirstFailure = Of(row => row.GpuAllocatedAtFirstFailure),
            CpuAllocatedAt100 = Of(row => row.CpuAllocatedAt100),
            GpuAllocatedAt100 = Of(row => row.GpuAllocatedAt100),
            CpuAllocatedAtEnd = Of(row => row.CpuAllocatedAtEnd),
            MemoryAllocatedAtEnd = Of(row => row.MemoryAllocatedAtEnd),
            GpuAllocatedAtEnd = Of(row => row.GpuAllocatedAtEnd),
            Fragmentation = Of(row => row.Fragmentation),
            MultiGpuPlaced = Of(row => row.MultiGpuPlaced),
            MultiGpuAsked = Of(row => row.MultiGpuAsked),
            MeanWaitSeconds = Of(row => row.MeanWaitSeconds),
            MedianWaitSeconds = Of(row => row.MedianWaitSeconds),
            P99WaitSeconds = Of(row => row.P99WaitSeconds),
            MakespanSeconds = Of(row => row.MakespanSeconds),
            MeanCpuAllocated = Of(row => row.MeanCpuAllocated),
            MeanGpuAllocated = Of(row => row.MeanGpuAllocated),
            UsPerDecision = Of(row => row.UsPerDecision),
        };
    }
}

/// <summary>What is done with a trace.</summary>
internal enum PackingTest
{
    /// <summary>Tasks are drawn and never end, until 130 % of what there is has been asked for.</summary>
    Inflation,

    /// <summary>Tasks come and end when they did.</summary>
    Replay,

    /// <summary>The same on a few of the machines, with so many more tasks that they are short at the worst hour.</summary>
    Crowded,
}
