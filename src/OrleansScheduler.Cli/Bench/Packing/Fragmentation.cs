namespace OrleansScheduler.Cli;

/// <summary>
/// How much of the free GPUs a task drawn from a mix could not use, by expectation: F of Weng et al., "Beware of Fragmentation", USENIX
/// ATC 2023.
/// </summary>
/// <remarks>
/// For one shape and one machine that is all that is free of its GPUs if the shape does not fit the machine or asks for no GPU; otherwise
/// what is free of GPUs that have less than the share asked for, or are not whole when whole ones are. Shapes are weighted by how many of
/// the trace's tasks have them.
/// </remarks>
internal sealed class Fragmentation
{
    private readonly bool[][] _admits;
    private readonly PackingShape[] _shapes;
    private readonly double[] _weights;

    /// <summary>By the mix of a trace.</summary>
    /// <param name="trace">The trace; its whole list of tasks counts.</param>
    /// <param name="most">Only so many of the most frequent shapes.</param>
    /// <param name="onlyGpu">Whether shapes without GPUs are left out: to them every free GPU is of no use.</param>
    public Fragmentation(PackingTrace trace, int most = int.MaxValue, bool onlyGpu = false)
    {
        _admits = trace.Admits;
        var counts = trace.Tasks.GroupBy(task => task.Shape).Select(group => (Shape: trace.Shapes[group.Key], Count: group.Count()))
            .Where(shape => !onlyGpu || shape.Shape.Gpus > 0).OrderByDescending(shape => shape.Count).Take(most).ToArray();
        double sum = counts.Sum(shape => shape.Count);
        _shapes = [.. counts.Select(shape => shape.Shape)];
        _weights = [.. counts.Select(shape => shape.Count / sum)];
    }

    /// <summary>Of all machines, in percent of all GPUs; null when there are none.</summary>
    public double? Of(PackingCell cell)
    {
        if (cell.Capacity.GpuMillis == 0) return null;
        var sum = 0.0;
        for (var i = 0; i < cell.Count; i++) sum += Of(cell.Cpu(i), cell.Memory(i), cell.Devices(i), cell.Node(i).Model);
        return 100 * sum / cell.Capacity.GpuMillis;
    }

    /// <summary>Of one machine with so much free, in thousandths of GPUs.</summary>
    public double Of(int cpu, int memory, ReadOnlySpan<int> devices, int model)
    {
        var (whole, largest, free) = (0, 0, 0);
        foreach (var device in devices)
        {
            if (device == Shape.Device) whole++;
            largest = Math.Max(largest, device);
            free += device;
        }

        if (free == 0) return 0;
        var sum = 0.0;
        for (var i = 0; i < _shapes.Length; i++)
        {
            ref readonly var shape = ref _shapes[i];
            var fits = shape.Gpus > 0 && cpu >= shape.Cpu && memory >= shape.Memory && _admits[shape.Models][model]
                && (shape.IsShare ? largest >= shape.Milli : whole >= shape.Gpus);
            if (!fits) sum += _weights[i] * free;
            else if (!shape.IsShare) sum += _weights[i] * (free - (whole * Shape.Device));
            else sum += _weights[i] * Below(devices, shape.Milli);
        }

        return sum;
    }

    private static int Below(ReadOnlySpan<int> devices, int milli)
    {
        var sum = 0;
        foreach (var device in devices) sum += device < milli ? device : 0;
        return sum;
    }
}
