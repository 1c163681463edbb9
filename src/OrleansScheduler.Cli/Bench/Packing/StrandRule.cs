namespace OrleansScheduler.Cli;

/// <summary>
/// Packs by what a placement strands: what it leaves on its GPU that the requests seen so far can not fill, what it leaves of GPUs without
/// the cpu and memory that go with them, and how much of a model that others insist on it takes.
/// </summary>
/// <remarks>The rule of <see cref="GpuMix"/> written plainly, for tests with look-ahead, where the scarcity of models must count for less
/// than in the ledger. All costs are thousandths of GPUs; those of shares are rounded as a table of bytes rounds them.</remarks>
internal sealed class StrandRule : IPackingRule
{
    /// <summary>A share must be this part of all requests to count in full as something that will fill a gap.</summary>
    private const float FullFrequency = 0.02f;

    /// <summary>What a thousandth that is left on a GPU costs even if it will be filled: the tighter of equals.</summary>
    private const float DeviceFit = 0.02f;

    /// <summary>The same for GPUs that are left on a node.</summary>
    private const float NodeFit = 1f / 1024;

    /// <summary>Thousandths of a GPU to a step of the table.</summary>
    private const float Step = 8;

    /// <summary>What the table says for no loss; gains are below.</summary>
    private const int Even = 125;

    private const int Percents = 101;
    private const int FirstLearn = 8;
    private const int LearnEvery = 128;

    /// <summary>Tasks without GPUs go to machines without GPUs first.</summary>
    private const double NoGpu = -1e6;

    private readonly PackingTrace _trace;
    private readonly float _scarceCost;
    private readonly float[] _value = new float[Shape.Device + 1];
    private readonly long[] _requests = new long[Shape.Device + 1];
    private readonly double[] _wanted;
    private readonly float[] _scarce;
    private readonly float[] _stranded;
    private readonly (int Version, int Changes)[] _strandedAt;
    private readonly byte[] _table = new byte[Percents];
    private (int Version, int Milli) _tableOf = (-1, 0);
    private float _cpuPerGpu = 12;
    private float _memoryPerGpu = 40;
    private long _tasks;
    private long _gpu;
    private long _cpu;
    private long _memory;
    private int _seen;
    private int _learned;

    /// <summary>A rule that has seen nothing.</summary>
    /// <param name="trace">Where it will be used.</param>
    /// <param name="scarceCost">What it costs to take a GPU whose model is all asked for by name.</param>
    public StrandRule(PackingTrace trace, float scarceCost)
    {
        (_trace, _scarceCost) = (trace, scarceCost);
        _wanted = new double[trace.ModelGpus.Length];
        _scarce = new float[trace.ModelGpus.Length];
        _stranded = new float[trace.Nodes.Length];
        _strandedAt = new (int, int)[trace.Nodes.Length];
        Array.Fill(_strandedAt, (-1, 0));
        for (var left = 0; left < _value.Length; left++) _value[left] = left;
    }

    /// <inheritdoc/>
    public int Version { get; private set; }

    /// <inheritdoc/>
    public void Arrive(in PackingShape shape)
    {
        _seen++;
        if (shape.Gpus > 0) Count(shape);
        if (_gpu > 0 && _seen >= _learned + Math.Clamp(_learned, FirstLearn, LearnEvery)) Learn();
    }

    /// <inheritdoc/>
    public double Cost(PackingCell cell, int node, in PackingShape shape, out int device)
    {
        device = 0;
        var (cpu, memory, gpu) = ((float)cell.Cpu(node) - shape.Cpu, (float)cell.Memory(node) - shape.Memory, cell.Gpu(node));
        // The fuller of equals: cores and 8 GiB count the same.
        var tie = ((cpu / 1000) + (memory / 8192)) / 128;
        ref readonly var machine = ref cell.Node(node);
        if (machine.Gpus == 0) return NoGpu + tie;
        if (_strandedAt[node] != (Version, cell.Changes(node)))
        {
            _strandedAt[node] = (Version, cell.Changes(node));
            _stranded[node] = Stranded(gpu, cell.Cpu(node), cell.Memory(node));
        }

        var cost = Stranded(gpu - shape.Gpu, cpu, memory) - _stranded[node];
        if (shape.Gpus == 0) return cost + tie;
        cost += (NodeFit * (gpu - shape.Gpu)) + (_scarceCost / Shape.Device * shape.Gpu * _scarce[machine.Model]);
        return shape.IsShare ? cost + ((DeviceCost(cell, node, shape.Milli, out device) - Even) * Step) : cost;
    }

    private void Count(in PackingShape shape)
    {
        _tasks++;
        _gpu += shape.Gpu;
        _cpu += shape.Cpu;
        _memory += shape.Memory;
        _requests[shape.Milli]++;
        if (shape.Models == 0) return;
        var admitted = _trace.Admits[shape.Models];
        var gpus = 0L;
        for (var m = 0; m < admitted.Length; m++) gpus += admitted[m] ? _trace.ModelGpus[m] : 0;
        for (var m = 0; m < admitted.Length && gpus > 0; m++)
        {
            if (admitted[m]) _wanted[m] += (double)shape.Gpu * _trace.ModelGpus[m] / gpus;
        }
    }

    private void Learn()
    {
        (_learned, Version) = (_seen, Version + 1);
        _cpuPerGpu = Math.Max(0.01f, (float)_cpu / _gpu);
        _memoryPerGpu = Math.Max(0.01f, (float)_memory / _gpu);
        // The part of all demand that insists on a model, by the part of all GPUs that is of it.
        for (var m = 0; m < _scarce.Length; m++)
        {
            var part = _trace.ModelGpus[m] * (double)Shape.Device / _trace.Capacity.GpuMillis;
            _scarce[m] = part > 0 ? (float)Math.Min(1, _wanted[m] / _gpu / part) : 0;
        }

        // What a gap is worth: the most that requests which come often enough can fill of it, one after the other.
        for (var left = 0; left < Shape.Device; left++)
        {
            var best = 0f;
            for (var share = 1; share <= left; share++)
            {
                if (_requests[share] == 0) continue;
                best = Math.Max(best, Math.Min(1f, _requests[share] / (FullFrequency * _tasks)) * (share + _value[left - share]));
            }

            _value[left] = best;
        }
    }

    /// <summary>How much of the free GPUs of a machine nobody can use because cpu or memory will be gone first.</summary>
    private float Stranded(int gpu, float cpu, float memory)
    {
        float free = Math.Max(gpu, 1);
        var (noCpu, noMemory) = (Math.Max(0, free - (cpu / _cpuPerGpu)), Math.Max(0, free - (memory / _memoryPerGpu)));
        return ((noCpu * noCpu) + (noMemory * noMemory)) / free;
    }

    private int DeviceCost(PackingCell cell, int node, int milli, out int device)
    {
        if (_tableOf != (Version, milli)) FillTable(milli);
        device = 0;
        var best = int.MaxValue;
        var devices = cell.Devices(node);
        for (var i = 0; i < devices.Length; i++)
        {
            if (devices[i] < milli) continue;
            int cost = _table[devices[i] / 10];
            if (cost < best) (best, device) = (cost, i);
        }

        return best;
    }

    private void FillTable(int milli)
    {
        _tableOf = (Version, milli);
        for (var percent = milli / 10; percent < Percents; percent++)
        {
            var free = Math.Max(milli, percent * 10);
            var cost = _value[free] - milli - _value[free - milli] + (DeviceFit * (free - milli));
            _table[percent] = (byte)Math.Clamp(MathF.Round(cost / Step) + Even, 0, byte.MaxValue - 1);
        }
    }
}
