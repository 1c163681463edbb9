namespace OrleansScheduler.Cli;

/// <summary>
/// The steady state of a busy cell: nodes and tasks drawn from a trace, disk, ports and constraints added by a seed, GPUs allocated to
/// 85 %. Every decision frees the oldest task and places the next.
/// </summary>
/// <remarks>
/// What is timed is the decision itself as <see cref="Ledger"/> makes it: finding the exact best node, taking amounts and GPUs
/// there, and giving them back later. Nothing else is in the loop: tasks are drawn beforehand.
/// </remarks>
internal sealed class DecisionLoad
{
    private const double Fill = 0.85;
    private const int Racks = 40;

    private readonly RoleTree _roles = new();
    private readonly NodeScorer _scorer;
    private readonly NodeTable _table;
    private readonly List<LedgerNode> _nodes = [];
    private readonly DemandClass[] _classes;
    private readonly bool _plain;
    private readonly List<(HeldSpec Spec, Shape Shape, ConstraintSet Constraints)> _kinds = [];
    private readonly int[] _tasks;
    private readonly Placed[] _placed;
    private readonly int _role;
    private readonly long _gpuTarget;
    private long _gpuUsed;
    private int _first;
    private int _count;
    private int _next;

    /// <summary>Fills a cell.</summary>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="policy">How nodes are ordered.</param>
    /// <param name="plain">Whether the best node is found by a plain loop over all nodes instead.</param>
    public DecisionLoad(int nodes, PlacementPolicy policy, bool plain = false)
    {
        _scorer = new NodeScorer(policy);
        _table = new NodeTable(_scorer);
        var random = new Random(1);
        _role = _roles.GetOrAdd("bench");
        var machines = WorkloadTrace.ReadNodes(null);
        var capacity = Resources.None;
        for (var i = 0; i < nodes; i++)
        {
            var machine = machines[random.Next(machines.Count)];
            var node = new LedgerNode($"n{i}", _table.Add());
            node.Change(new(Describe(node.Id, machine, random.Next(Racks)), 1, true, MaintenanceMode.None), []);
            _nodes.Add(node);
            capacity += node.Description.Capacity;
        }

        _scorer.Weigh(capacity, nodes);
        foreach (var node in _nodes) _table.Set(node);
        _roles.Total = capacity;
        _gpuTarget = (long)(capacity.GpuMillis * Fill);
        _tasks = Draw(random);
        for (var i = 0; i < 4096; i++)
        {
            var (spec, _, constraints) = _kinds[_tasks[i]];
            _scorer.See(spec.Request, constraints, 1);
        }

        if (!_scorer.IsByLane) _table.Judge(_nodes);
        var indexes = new ShapeIndexes(_table, NodeScan.Widest);
        _classes = [.. _kinds.Select(k => new DemandClass(
            new(k.Spec.Request, 0, CustomRequest.None, false, k.Constraints, default, 0), indexes))];
        _placed = new Placed[1 << 20];
        for (var i = 0; _gpuUsed < _gpuTarget && i < nodes * 20; i++) Place();
        Run(20_000);
        _plain = plain;
    }

    /// <summary>Tasks that did not fit.</summary>
    public int Misses { get; private set; }

    /// <summary>The sum of the numbers of all chosen nodes: equal sums, equal decisions.</summary>
    public long Checksum { get; private set; }

    /// <summary>Makes so many decisions.</summary>
    public void Run(int decisions)
    {
        for (var i = 0; i < decisions; i++)
        {
            Place();
            while (_gpuUsed > _gpuTarget) Free();
        }
    }

    /// <summary>Places groups of equal tasks, one kind after the other, and frees as many.</summary>
    public void RunGroups(int groups, int size)
    {
        for (var i = 0; i < groups; i++)
        {
            var kind = NextKind();
            for (var j = 0; j < size; j++) Place(kind, size - j);
            while (_gpuUsed > _gpuTarget) Free();
        }
    }

    private static NodeDescription Describe(string id, TraceNode machine, int rack) => new()
    {
        Id = id,
        Host = id,
        Capacity = machine.Capacity with { DiskMiB = 4 << 20 },
        FirstPort = 31_000,
        PortCount = 1_000,
        Attributes = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
            .Add("model", [machine.Model.Length == 0 ? "none" : machine.Model]).Add("rack", [$"r{rack}"]),
    };

    private int[] Draw(Random random)
    {
        var trace = WorkloadTrace.ReadTasks(null);
        var ready = new NodeMask();
        var byId = _nodes.ToDictionary(n => n.Id, StringComparer.Ordinal);
        foreach (var node in _nodes) ready[node.Index] = true;
        var sets = new ConstraintSets();
        var attributes = new NodeAttributes(_nodes, byId);
        var kinds = new Dictionary<(Resources, int), int>();
        return [.. Enumerable.Range(0, 1 << 16).Select(_ =>
        {
            // A fifth of the racks is closed to a task, another fifth to the next: constraints that leave most of the cell.
            var closed = random.Next(5);
            var task = trace[random.Next(trace.Count)];
            if (kinds.TryGetValue((task.Request, closed), out var known)) return known;
            var constraints = sets.Of(
                [new Constraint.Value("rack", [.. Enumerable.Range(0, Racks / 5).Select(r => $"r{(r * 5) + closed}")], Negated: true)],
                ready, attributes);
            var request = task.Request with { DiskMiB = 1024 };
            var spec = new HeldSpec(request, 0, CustomRequest.None, 1, 0, Tier.Preemptible, null, []);
            _kinds.Add((spec, Shape.Of(request, 0)!.Value, constraints));
            kinds[(task.Request, closed)] = _kinds.Count - 1;
            return _kinds.Count - 1;
        })];
    }

    private int NextKind() => _tasks[_next++ & (_tasks.Length - 1)];

    private void Place() => Place(NextKind(), 1);

    private void Place(int kind, int expected)
    {
        var (spec, shape, constraints) = _kinds[kind];
        var number = _plain ? PlainBest(shape, constraints.Allowed) : _classes[kind].Pick(expected);
        if (number < 0)
        {
            Misses++;
            return;
        }

        var node = _nodes[number];
        var mix = _scorer.Policy == PlacementPolicy.Pack ? _scorer.Mix : null;
        if (!node.TryTake(_roles, _role, spec, shape, mix, out var taken, out var devices))
            throw new InvalidOperationException($"node {node.Id} has not free what its lanes say");
        _table.Set(node);
        _placed[(_first + _count++) & (_placed.Length - 1)] = new(node, spec, taken, devices);
        _gpuUsed += spec.Request.GpuMillis;
        Checksum = (Checksum * 31) + number;
    }

    /// <summary>The same decision by the loop that one writes first: what the ratios compare with.</summary>
    private int PlainBest(in Shape shape, NodeMask allowed)
    {
        var (cpu, memory, disk, whole, share, keys) = (_table.Cpu, _table.Memory, _table.Disk, _table.Whole, _table.Share, _table.Key);
        var (best, bestKey) = (-1, int.MaxValue);
        for (var i = 0; i < _nodes.Count; i++)
        {
            if (cpu[i] < shape.Cpu || memory[i] < shape.Memory || disk[i] < shape.Disk || whole[i] < shape.Whole || share[i] < shape.Share)
                continue;
            if (keys[i] < bestKey && allowed[i]) (best, bestKey) = (i, keys[i]);
        }

        return best;
    }

    private void Free()
    {
        ref var oldest = ref _placed[_first++ & (_placed.Length - 1)];
        _count--;
        oldest.Node.Return(oldest.Spec, oldest.Taken, oldest.Devices);
        _table.Set(oldest.Node);
        _gpuUsed -= oldest.Spec.Request.GpuMillis;
    }

    private readonly record struct Placed(LedgerNode Node, HeldSpec Spec, Taken Taken, ImmutableArray<int> Devices);
}
