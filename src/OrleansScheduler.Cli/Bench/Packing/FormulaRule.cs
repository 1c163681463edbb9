namespace OrleansScheduler.Cli;

/// <summary>A rule that is one formula, and gives a share the GPU that it fills best.</summary>
internal sealed class FormulaRule(FormulaRule.Formula formula) : IPackingRule
{
    /// <summary>What it costs to put a shape on a machine.</summary>
    public delegate double Formula(PackingCell cell, int node, in PackingShape shape);

    /// <summary>The first machine that has room.</summary>
    public static readonly Formula FirstFit = static (_, node, in _) => node;

    /// <summary>The machine that has the fewest GPUs left, then the least cpu.</summary>
    public static readonly Formula GpuBestFit = static (cell, node, in shape) =>
        ((cell.Gpu(node) - shape.Gpu) * 1e6) + ((cell.Cpu(node) - shape.Cpu) / 10.0);

    /// <summary>The opposite.</summary>
    public static readonly Formula WorstFit = static (cell, node, in shape) => -GpuBestFit(cell, node, shape);

    /// <summary>
    /// The machine whose largest and smallest share of what is used are closest after the placement: the dominant resource is kept in step
    /// with the others.
    /// </summary>
    public static readonly Formula DrfAware = static (cell, node, in shape) =>
    {
        ref readonly var machine = ref cell.Node(node);
        var cpu = Used(cell.Cpu(node) - shape.Cpu, machine.Cpu);
        var memory = Used(cell.Memory(node) - shape.Memory, machine.Memory);
        var (most, least) = (Math.Max(cpu, memory), Math.Min(cpu, memory));
        if (machine.Gpus == 0) return most - least;
        var gpu = Used(cell.Gpu(node) - shape.Gpu, machine.Gpus * Shape.Device);
        return Math.Max(most, gpu) - Math.Min(least, gpu);
    };

    /// <summary>
    /// The machine on which the request and what is free have the smallest product, in parts of the largest machine: what is free is of
    /// another kind than what is asked for, or there is little of it.
    /// </summary>
    public static Formula DotProduct(PackingTrace trace)
    {
        double cpu = Math.Max(1, trace.Nodes.Max(node => node.Cpu)), memory = Math.Max(1, trace.Nodes.Max(node => node.Memory));
        var gpu = Math.Max(1, trace.Nodes.Max(node => node.Gpus)) * (double)Shape.Device;
        return (cell, node, in shape) =>
            (shape.Cpu / cpu * (cell.Cpu(node) / cpu)) + (shape.Memory / memory * (cell.Memory(node) / memory))
            + (shape.Gpu / gpu * (cell.Gpu(node) / gpu));
    }

    /// <inheritdoc/>
    public double Cost(PackingCell cell, int node, in PackingShape shape, out int device)
    {
        device = shape.IsShare ? cell.TightestDevice(node, shape.Milli) : 0;
        return formula(cell, node, shape);
    }

    private static double Used(int free, int capacity) => capacity == 0 ? 0 : 1 - ((double)free / capacity);
}
