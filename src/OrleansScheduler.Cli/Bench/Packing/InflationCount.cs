namespace OrleansScheduler.Cli;

/// <summary>Keeps the books of an inflation test.</summary>
internal sealed class InflationCount(PackingTrace trace, IPackingRule rule)
{
    private readonly PackingCell _empty = new(trace);
    private long _asked;
    private int _multiAsked;
    private int _multiPlaced;
    private Allocation? _atFirstFailure;
    private Allocation _at100;

    /// <summary>The machines.</summary>
    public PackingCell Cell { get; } = new(trace, rule);

    /// <summary>Tasks that got a machine.</summary>
    public int Placed { get; private set; }

    /// <summary>Tasks that got none.</summary>
    public int Dropped { get; private set; }

    /// <summary>A task came and everything that follows from it is done.</summary>
    public void Asked(in PackingShape shape)
    {
        _asked += trace.Amount(shape);
        if (shape.Gpus > 1) _multiAsked++;
        if (_asked <= trace.Total) _at100 = Allocation.Of(Cell);
    }

    /// <summary>Puts a task on the machine that was chosen.</summary>
    public void Place(in PackingShape shape, in PackingChoice choice)
    {
        Cell.Take(choice.Node, shape, choice.Device);
        Placed++;
        if (shape.Gpus > 1) _multiPlaced++;
    }

    /// <summary>So many tasks fit nowhere. Nothing ends in this test: they never will.</summary>
    public void Drop(in PackingShape shape, int count)
    {
        // What would not fit an empty machine either says nothing about packing.
        if (_atFirstFailure is null && _empty.FitsAny(shape)) _atFirstFailure = Allocation.Of(Cell);
        Dropped += count;
    }

    /// <summary>The result.</summary>
    public PackingRow Row(PackingScorer scorer, Fragmentation mix, TimeSpan took)
    {
        var end = Allocation.Of(Cell);
        return new()
        {
            Trace = trace.Name,
            Test = PackingTest.Inflation,
            Scorer = scorer.Name,
            LookAhead = scorer.LooksAhead ? PackingScorer.Window : 0,
            Offline = scorer.Offline,
            Placed = Placed,
            Dropped = Dropped,
            CpuAllocatedAtFirstFailure = _atFirstFailure?.Cpu,
            MemoryAllocatedAtFirstFailure = _atFirstFailure?.Memory,
            GpuAllocatedAtFirstFailure = _atFirstFailure?.Gpu,
            CpuAllocatedAt100 = scorer.Offline ? null : _at100.Cpu,
            GpuAllocatedAt100 = scorer.Offline ? null : _at100.Gpu,
            CpuAllocatedAtEnd = end.Cpu,
            MemoryAllocatedAtEnd = end.Memory,
            GpuAllocatedAtEnd = end.Gpu,
            Fragmentation = mix.Of(Cell),
            MultiGpuPlaced = trace.ByGpu ? _multiPlaced : null,
            MultiGpuAsked = trace.ByGpu ? _multiAsked : null,
            UsPerDecision = took.TotalMicroseconds / (Placed + Dropped),
        };
    }
}
