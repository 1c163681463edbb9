namespace OrleansScheduler.Cli;

/// <summary>
/// Goes where <see cref="Fragmentation"/> grows least: FGD, by the forty most frequent shapes of the trace, which it knows beforehand as in
/// the paper.
/// </summary>
internal sealed class FragmentationRule(PackingTrace trace) : IPackingRule
{
    private const int Shapes = 40;

    private readonly Fragmentation _mix = new(trace, Shapes);
    private readonly double[] _before = new double[trace.Nodes.Length];
    private readonly int[] _beforeAt = [.. Enumerable.Repeat(-1, trace.Nodes.Length)];
    private readonly int[] _after = new int[trace.Nodes.Max(node => node.Gpus)];

    /// <inheritdoc/>
    public double Cost(PackingCell cell, int node, in PackingShape shape, out int device)
    {
        device = 0;
        var devices = cell.Devices(node);
        var model = cell.Node(node).Model;
        if (devices.Length == 0) return 0;
        if (_beforeAt[node] != cell.Changes(node))
        {
            _beforeAt[node] = cell.Changes(node);
            _before[node] = _mix.Of(cell.Cpu(node), cell.Memory(node), devices, model);
        }

        var (cpu, memory) = (cell.Cpu(node) - shape.Cpu, cell.Memory(node) - shape.Memory);
        var after = _after.AsSpan(0, devices.Length);
        devices.CopyTo(after);
        if (shape.IsShare) return BestDevice(cpu, memory, after, model, shape.Milli, out device) - _before[node];
        for (var (i, left) = (0, shape.Gpus); left > 0; i++)
        {
            if (after[i] != Shape.Device) continue;
            after[i] = 0;
            left--;
        }

        return _mix.Of(cpu, memory, after, model) - _before[node];
    }

    private double BestDevice(int cpu, int memory, Span<int> after, int model, int milli, out int device)
    {
        device = 0;
        var least = double.MaxValue;
        for (var i = 0; i < after.Length; i++)
        {
            var free = after[i];
            // Of GPUs that have the same left, one is as good as the other.
            if (free < milli || after[..i].Contains(free)) continue;
            after[i] = free - milli;
            var sum = _mix.Of(cpu, memory, after, model);
            after[i] = free;
            if (sum < least) (least, device) = (sum, i);
        }

        return least;
    }
}
