using System.Runtime.InteropServices;

namespace OrleansScheduler.Core;

/// <summary>
/// What the tasks seen so far ask for that use GPUs, and what follows for packing: what a leftover of a GPU is worth, how much cpu and
/// memory a GPU needs beside it, and which nodes' GPUs are asked for by name.
/// </summary>
/// <remarks>
/// Our own rule; its evaluation beside others stands in tests/OrleansScheduler.Benchmarks/README.md. It knows no trace and no model of GPU:
/// everything is learned from requests, anew when the number of tasks has grown by a quarter. An idea that it shares with fragmentation
/// gradient descent (Weng et al., USENIX ATC 2023) is to count what a placement leaves unusable; instead of a sum over typical tasks it
/// uses one table of leftovers.
/// </remarks>
internal sealed class GpuMix
{
    /// <summary>Part of all tasks from which on a request is popular enough to count on.</summary>
    private const float Popular = 0.02f;

    /// <summary>What a thousandth of a GPU that stays free on the chosen one costs, besides what it is worth less.</summary>
    private const float Leftover = 0.02f;

    /// <summary>What a thousandth of a GPU costs that others ask for by name.</summary>
    private const float Named = 0.2f;

    private const long MaxSeen = 1 << 20;

    private readonly long[] _shares = new long[Shape.Device + 1];
    private readonly float[] _worth = new float[Shape.Device + 1];
    private readonly Dictionary<ConstraintSet, long> _named = [];
    private readonly Dictionary<int, int[]> _costs = [];
    private readonly Dictionary<UInt128, int> _signatures = [];
    private readonly List<UInt128> _bySignature = [];
    private long _tasks;
    private long _gpu;
    private long _cpu;
    private long _memory;
    private long _learnAt = 8;

    public GpuMix()
    {
        for (var i = 0; i <= Shape.Device; i++) _worth[i] = i;
    }

    /// <summary>Thousandths of a core that go with a thousandth of a GPU.</summary>
    public float CpuPerGpu { get; private set; } = 12;

    /// <summary>MiB that go with a thousandth of a GPU.</summary>
    public float MemoryPerGpu { get; private set; } = 40;

    /// <summary>Grows whenever what was learned has changed.</summary>
    public long Version { get; private set; }

    /// <summary>Whether there is enough news to learn from.</summary>
    public bool IsDue => _tasks >= _learnAt;

    /// <summary>Takes notice of tasks.</summary>
    public void See(in Resources request, ConstraintSet constraints, int count)
    {
        if (request.GpuMillis <= 0 || count <= 0) return;
        _tasks += count;
        _gpu += request.GpuMillis * count;
        _cpu += request.CpuMillis * count;
        _memory += request.MemoryMiB * count;
        _shares[Math.Min(request.GpuMillis, Shape.Device)] += count;
        if (!constraints.Values.IsEmpty)
            CollectionsMarshal.GetValueRefOrAddDefault(_named, constraints, out _) += request.GpuMillis * count;
    }

    /// <summary>Draws the conclusions from what was seen.</summary>
    public void Learn()
    {
        _learnAt = _tasks < 256 ? _tasks * 2 : _tasks + Math.Max(128, _tasks / 4);
        Version++;
        _costs.Clear();
        CpuPerGpu = Math.Max(0.01f, (float)_cpu / _gpu);
        MemoryPerGpu = Math.Max(0.01f, (float)_memory / _gpu);
        for (var left = 0; left < Shape.Device; left++)
        {
            var best = 0f;
            for (var share = 1; share <= left; share++)
            {
                if (_shares[share] == 0) continue;
                best = Math.Max(best, Math.Min(1, _shares[share] / (Popular * _tasks)) * (share + _worth[left - share]));
            }

            _worth[left] = best;
        }

        _worth[Shape.Device] = Shape.Device;
        if (_tasks > MaxSeen) Halve();
    }

    /// <summary>What a thousandth of each node's GPUs costs, for being asked for by name.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="totalGpu">GPUs of all of them, in thousandths.</param>
    /// <param name="costs">The costs by node.</param>
    public void CostNames(List<LedgerNode> nodes, long totalGpu, Span<float> costs)
    {
        costs.Clear();
        if (_gpu == 0) return;
        foreach (var (constraints, asked) in _named)
        {
            var gpus = 0L;
            foreach (var node in nodes)
            {
                if (constraints.Allowed[node.Index]) gpus += node.Description.Capacity.GpuMillis;
            }

            // A set that leaves nearly all GPUs names none.
            if (gpus == 0 || gpus > totalGpu * 0.95) continue;
            var density = (float)((double)asked / _gpu * totalGpu / gpus);
            foreach (var node in nodes)
            {
                if (constraints.Allowed[node.Index]) costs[node.Index] += density;
            }
        }

        foreach (ref var cost in costs) cost = Named * Math.Min(1, cost);
    }

    /// <summary>Thousandths of GPUs that nobody will use, because there is too little cpu or memory beside them.</summary>
    public float Stranded(float gpu, float cpu, float memory)
    {
        var g = Math.Max(gpu, 1f);
        var x = Math.Max(0f, (CpuPerGpu * g) - cpu);
        var y = Math.Max(0f, (MemoryPerGpu * g) - memory);
        return ((x * x * CpuScale) + (y * y * MemoryScale)) / g;
    }

    public float CpuScale => 1 / (CpuPerGpu * CpuPerGpu);

    public float MemoryScale => 1 / (MemoryPerGpu * MemoryPerGpu);

    /// <summary>What it costs to put a share on a GPU that has so much left.</summary>
    public float Cost(int left, int share)
    {
        var rest = left - share;
        return _worth[left] - share - _worth[rest] + (Leftover * rest);
    }

    /// <summary>
    /// A number for what the GPUs of a node have left, so that equal nodes are judged once; 0 for none. Of more than sixteen GPUs, the
    /// first sixteen count.
    /// </summary>
    public int SignatureOf(GpuDevices gpus)
    {
        UInt128 key = 0;
        Span<byte> left = stackalloc byte[16];
        var count = Math.Min(gpus.Count, left.Length);
        for (var i = 0; i < count; i++) left[i] = (byte)(Math.Clamp(gpus.FreeOf(i), 0, Shape.Device) / Step);
        left[..count].Sort();
        foreach (var value in left[..count]) key = (key << 8) | value;
        if (_signatures.TryGetValue(key, out var known)) return known;
        _signatures[key] = _bySignature.Count;
        _bySignature.Add(key);
        return _bySignature.Count - 1;
    }

    /// <summary>Costs of a share by signature, in the units of keys, <see cref="NodeScan.None"/> where not known yet.</summary>
    public int[] CostsOf(int share)
    {
        if (_costs.TryGetValue(share, out var costs) && costs.Length >= _bySignature.Count) return costs;
        var grown = new int[Math.Max(256, _bySignature.Count * 2)];
        grown.AsSpan().Fill(NodeScan.None);
        costs?.CopyTo(grown, 0);
        return _costs[share] = grown;
    }

    /// <summary>The cheapest GPU for a share among those of a signature.</summary>
    public int CostOf(int signature, int share)
    {
        var best = float.MaxValue;
        for (var key = _bySignature[signature]; key != 0; key >>= 8)
        {
            var step = (int)(key & 0xFF);
            if ((step * Step) + Step - 1 < share) continue;
            best = Math.Min(best, Cost(Math.Max(step * Step, share), share));
        }

        return best == float.MaxValue ? 0 : (int)(best * NodeScorer.KeyUnit);
    }

    /// <summary>Steps in which leftovers are told apart, in thousandths of a GPU.</summary>
    private const int Step = 10;

    private void Halve()
    {
        (_tasks, _gpu, _cpu, _memory) = (_tasks / 2, _gpu / 2, _cpu / 2, _memory / 2);
        for (var i = 0; i < _shares.Length; i++) _shares[i] /= 2;
        foreach (var set in _named.Keys.ToList())
        {
            if (_named[set] < 2) _named.Remove(set);
            else _named[set] /= 2;
        }

        _learnAt = _tasks + (_tasks / 4);
    }
}
