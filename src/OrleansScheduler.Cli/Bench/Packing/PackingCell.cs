namespace OrleansScheduler.Cli;

/// <summary>What is free on every machine and on every GPU of it.</summary>
internal sealed class PackingCell
{
    private readonly IPackingRule? _rule;
    private readonly PackingNode[] _nodes;
    private readonly bool[][] _admits;
    private readonly int[] _firstDevice;
    private readonly int[] _device;
    private readonly int[] _cpu;
    private readonly int[] _memory;
    private readonly int[] _gpu;
    private readonly int[] _whole;
    private readonly int[] _share;
    private readonly int[] _changes;

    /// <summary>A cell where nothing runs.</summary>
    /// <param name="trace">The machines.</param>
    /// <param name="rule">Who hears of all changes; nobody if null.</param>
    public PackingCell(PackingTrace trace, IPackingRule? rule = null)
    {
        _rule = rule;
        _nodes = trace.Nodes;
        _admits = trace.Admits;
        Capacity = trace.Capacity;
        _cpu = [.. _nodes.Select(node => node.Cpu)];
        _memory = [.. _nodes.Select(node => node.Memory)];
        _gpu = [.. _nodes.Select(node => node.Gpus * Shape.Device)];
        _whole = [.. _nodes.Select(node => node.Gpus)];
        _share = [.. _nodes.Select(node => node.Gpus > 0 ? Shape.Device : 0)];
        _changes = new int[_nodes.Length];
        _firstDevice = new int[_nodes.Length + 1];
        for (var i = 0; i < _nodes.Length; i++) _firstDevice[i + 1] = _firstDevice[i] + _nodes[i].Gpus;
        _device = new int[_firstDevice[^1]];
        Array.Fill(_device, Shape.Device);
    }

    /// <summary>How many machines.</summary>
    public int Count => _nodes.Length;

    /// <summary>All that there is.</summary>
    public Resources Capacity { get; }

    /// <summary>What is taken of it.</summary>
    public Resources Used { get; private set; }

    /// <summary>A machine as it is when nothing runs.</summary>
    public ref readonly PackingNode Node(int node) => ref _nodes[node];

    /// <summary>Free thousandths of cores.</summary>
    public int Cpu(int node) => _cpu[node];

    /// <summary>Free MiB.</summary>
    public int Memory(int node) => _memory[node];

    /// <summary>Free thousandths of GPUs, of all together.</summary>
    public int Gpu(int node) => _gpu[node];

    /// <summary>Free thousandths of each GPU.</summary>
    public ReadOnlySpan<int> Devices(int node) => _device.AsSpan(_firstDevice[node], _nodes[node].Gpus);

    /// <summary>How often a machine has changed: whoever remembers something about it compares this.</summary>
    public int Changes(int node) => _changes[node];

    /// <summary>Whether there is room.</summary>
    public bool Fits(int node, in PackingShape shape) =>
        _cpu[node] >= shape.Cpu && _memory[node] >= shape.Memory
        && (shape.IsShare ? _share[node] >= shape.Milli : _whole[node] >= shape.Gpus)
        && (shape.Models == 0 || _admits[shape.Models][_nodes[node].Model]);

    /// <summary>Whether there is room anywhere.</summary>
    public bool FitsAny(in PackingShape shape)
    {
        for (var i = 0; i < Count; i++)
        {
            if (Fits(i, shape)) return true;
        }

        return false;
    }

    /// <summary>The GPU that a share fills best.</summary>
    public int TightestDevice(int node, int milli)
    {
        var (best, least) = (-1, int.MaxValue);
        var devices = Devices(node);
        for (var i = 0; i < devices.Length; i++)
        {
            if (devices[i] >= milli && devices[i] < least) (best, least) = (i, devices[i]);
        }

        return best;
    }

    /// <summary>Takes what a task asks for; the answer is the GPUs that it got: for a share the given one, else the first unused.</summary>
    /// <exception cref="InvalidOperationException">It is not there.</exception>
    public int[] Take(int node, in PackingShape shape, int device)
    {
        if (!Fits(node, shape)) throw new InvalidOperationException($"node {node} has no room for {shape}");
        int[] taken = [];
        if (shape.IsShare)
        {
            if (Devices(node)[device] < shape.Milli)
                throw new InvalidOperationException($"GPU {device} of node {node} has no room for {shape}");
            taken = [device];
        }
        else if (shape.Gpus > 0)
        {
            taken = new int[shape.Gpus];
            var devices = Devices(node);
            for (var (i, count) = (0, 0); count < taken.Length; i++)
            {
                if (devices[i] == Shape.Device) taken[count++] = i;
            }
        }

        Change(node, shape, taken, 1);
        return taken;
    }

    /// <summary>Gives it back.</summary>
    public void Return(int node, in PackingShape shape, int[] devices) => Change(node, shape, devices, -1);

    private void Change(int node, in PackingShape shape, int[] devices, int sign)
    {
        _cpu[node] -= sign * shape.Cpu;
        _memory[node] -= sign * shape.Memory;
        _changes[node]++;
        Used += shape.Request * sign;
        if (devices.Length > 0) ChangeDevices(node, shape, devices, sign);
        _rule?.Changed(node, shape, devices, isTaken: sign > 0);
    }

    private void ChangeDevices(int node, in PackingShape shape, int[] devices, int sign)
    {
        _gpu[node] -= sign * shape.Gpu;
        foreach (var device in devices) _device[_firstDevice[node] + device] -= sign * shape.Milli;
        var (whole, share) = (0, 0);
        foreach (var free in Devices(node))
        {
            if (free == Shape.Device) whole++;
            share = Math.Max(share, free);
        }

        (_whole[node], _share[node]) = (whole, share);
    }
}
