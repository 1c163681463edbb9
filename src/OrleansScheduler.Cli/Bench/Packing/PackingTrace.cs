namespace OrleansScheduler.Cli;

/// <summary>Machines and tasks in the form in which they are replayed: numbers instead of names.</summary>
internal sealed class PackingTrace
{
    private readonly Dictionary<string, int> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _sets = new(StringComparer.Ordinal) { [""] = 0 };
    private readonly List<int[]> _wanted = [[]];

    /// <summary>Takes over what was read.</summary>
    /// <param name="name">What rows of results call it.</param>
    /// <param name="nodes">The machines.</param>
    /// <param name="tasks">The tasks.</param>
    /// <exception cref="InvalidDataException">Together they make no test.</exception>
    public PackingTrace(string name, IReadOnlyList<TraceNode> nodes, IReadOnlyList<TraceTask> tasks)
    {
        if (nodes.Count == 0 || tasks.Count == 0) throw new InvalidDataException($"{name}: there are no machines or no tasks");
        Name = name;
        Nodes = [.. nodes.Select(node => new PackingNode(
            (int)node.Capacity.CpuMillis, (int)node.Capacity.MemoryMiB, (int)(node.Capacity.GpuMillis / Shape.Device), Model(node.Model)))];
        foreach (var node in nodes) Capacity += node.Capacity;
        var shapes = new Dictionary<PackingShape, int>();
        Tasks = [.. tasks.Select(task =>
            new PackingTask(ShapeOf(task, shapes), task.Pieces, task.ArrivesAt, task.RunsFor, task.WaitedFor))];
        Shapes = [.. shapes.Keys];
        Admits = [.. _wanted.Select((set, i) => Enumerable.Range(0, _models.Count).Select(m => i == 0 || set.Contains(m)).ToArray())];
        ModelGpus = new long[_models.Count];
        foreach (var node in Nodes) ModelGpus[node.Model] += node.Gpus;
        ByGpu = Capacity.GpuMillis > 0 && Shapes.Any(shape => shape.Gpu > 0);
        if (Total <= 0 || Tasks.All(task => Amount(task) == 0))
            throw new InvalidDataException($"{name}: the machines have, or the tasks ask for, neither GPUs nor cpu");
    }

    private PackingTrace(PackingTrace other, PackingNode[] nodes, PackingTask[] tasks)
    {
        (Name, Nodes, Tasks, Shapes, Admits, ByGpu) = (other.Name, nodes, tasks, other.Shapes, other.Admits, other.ByGpu);
        ModelGpus = new long[other.ModelGpus.Length];
        foreach (var node in nodes)
        {
            Capacity += node.Capacity;
            ModelGpus[node.Model] += node.Gpus;
        }
    }

    /// <summary>What rows of results call it.</summary>
    public string Name { get; }

    /// <summary>The machines.</summary>
    public PackingNode[] Nodes { get; }

    /// <summary>The tasks, in the order of the file.</summary>
    public PackingTask[] Tasks { get; }

    /// <summary>The different requests.</summary>
    public PackingShape[] Shapes { get; }

    /// <summary>For each set of models that tasks name, which models are in it. Set 0 is any model.</summary>
    public bool[][] Admits { get; }

    /// <summary>GPUs of each model.</summary>
    public long[] ModelGpus { get; }

    /// <summary>All that there is.</summary>
    public Resources Capacity { get; }

    /// <summary>Whether the load is measured in GPUs; in cpu when there are none, or nobody asks for them.</summary>
    public bool ByGpu { get; }

    /// <summary>All that there is of what load is measured in.</summary>
    public long Total => ByGpu ? Capacity.GpuMillis : Capacity.CpuMillis;

    /// <summary>How much a shape asks for of what load is measured in.</summary>
    public int Amount(in PackingShape shape) => ByGpu ? shape.Gpu : shape.Cpu;

    /// <summary>How much a task asks for of what load is measured in.</summary>
    public long Amount(in PackingTask task) => (long)Amount(Shapes[task.Shape]) * task.Pieces;

    /// <summary>The same shapes on other machines, or with other tasks.</summary>
    public PackingTrace With(PackingNode[] nodes, PackingTask[] tasks) => new(this, nodes, tasks);

    private int ShapeOf(TraceTask task, Dictionary<PackingShape, int> shapes)
    {
        var request = task.Request;
        var gpus = (int)((request.GpuMillis + Shape.Device - 1) / Shape.Device);
        var milli = gpus == 0 ? 0 : (int)request.GpuMillis / gpus;
        // Who asks for no GPU does not mind which.
        var models = gpus == 0 && Capacity.GpuMillis > 0 ? 0 : Set(task.Models);
        var shape = new PackingShape((int)request.CpuMillis, (int)request.MemoryMiB, gpus, milli, models);
        if (shapes.TryGetValue(shape, out var number)) return number;
        shapes.Add(shape, shapes.Count);
        return shapes.Count - 1;
    }

    private int Model(string name)
    {
        if (_models.TryGetValue(name, out var model)) return model;
        _models.Add(name, _models.Count);
        return _models.Count - 1;
    }

    private int Set(string names)
    {
        if (_sets.TryGetValue(names, out var set)) return set;
        _wanted.Add([.. names.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Model)]);
        _sets.Add(names, _wanted.Count - 1);
        return _wanted.Count - 1;
    }
}

/// <summary>One machine.</summary>
/// <param name="Cpu">Thousandths of a core.</param>
/// <param name="Memory">MiB.</param>
/// <param name="Gpus">GPUs.</param>
/// <param name="Model">Number of their model.</param>
internal readonly record struct PackingNode(int Cpu, int Memory, int Gpus, int Model)
{
    /// <summary>All that it has.</summary>
    public Resources Capacity => new(Cpu, Memory, 0, (long)Gpus * Shape.Device);
}
