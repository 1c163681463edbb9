namespace OrleansScheduler.Cli;

/// <summary>The ledger's own search, with the policies that a cell can choose from: <see cref="NodeScan"/> over a
/// <see cref="NodeTable"/>.</summary>
/// <remarks>What is free is also counted by <see cref="PackingCell"/>, which refuses what does not fit: the ledger's books are checked by
/// others.</remarks>
internal sealed class LedgerRule : IPackingRule
{
    private const string Model = "model";

    private readonly NodeScorer _scorer;
    private readonly NodeTable _table;
    private readonly List<LedgerNode> _nodes = [];
    private readonly ConstraintSet[] _constraints;

    public LedgerRule(PackingTrace trace, PlacementPolicy policy)
    {
        _scorer = new NodeScorer(policy);
        _table = new NodeTable(_scorer);
        foreach (var (i, node) in trace.Nodes.Index())
        {
            _nodes.Add(new($"n{i}", _table.Add()));
            _nodes[i].Change(new(Describe(_nodes[i].Id, node), 1, true, MaintenanceMode.None), []);
        }

        _scorer.Weigh(trace.Capacity, trace.Nodes.Length);
        foreach (var node in _nodes) _table.Set(node);
        var ready = new NodeMask();
        foreach (var node in _nodes) ready[node.Index] = true;
        var sets = new ConstraintSets();
        var attributes = new NodeAttributes(_nodes, _nodes.ToDictionary(node => node.Id, StringComparer.Ordinal));
        _constraints = [.. trace.Admits.Select((admitted, i) => sets.Of(i == 0 ? [] : [Admit(admitted)], ready, attributes))];
    }

    /// <inheritdoc/>
    public int Version => (int)_scorer.Version;

    /// <inheritdoc/>
    public void Arrive(in PackingShape shape)
    {
        if (_scorer.See(shape.Request, _constraints[shape.Models], 1) && !_scorer.IsByLane) _table.Judge(_nodes);
    }

    /// <inheritdoc/>
    public PackingChoice Choose(PackingCell cell, in PackingShape shape)
    {
        var lanes = Lanes(shape);
        var node = NodeScan.Best(_table, lanes, _constraints[shape.Models].Allowed.Bits, NodeScan.Widest);
        return node < 0 ? PackingChoice.None : new(node, Device(node, lanes), Cost(node, lanes, shape));
    }

    /// <inheritdoc/>
    public double Cost(PackingCell cell, int node, in PackingShape shape, out int device)
    {
        var lanes = Lanes(shape);
        device = Device(node, lanes);
        return Cost(node, lanes, shape);
    }

    /// <inheritdoc/>
    public void Changed(int node, in PackingShape shape, int[] devices, bool isTaken)
    {
        var (changed, taken) = (_nodes[node], new Taken(shape.Request, Resources.None, []));
        if (!isTaken)
        {
            changed.Amounts.Return(taken);
            changed.Gpus.Return([.. devices], shape.Milli);
        }
        else if (changed.Amounts.TryTake(taken))
        {
            changed.Gpus.Take([.. devices], shape.Milli);
        }
        else
        {
            throw new InvariantException($"node {node} has room for {shape}, and not in the ledger");
        }

        _table.Set(changed);
    }

    private static Shape Lanes(in PackingShape shape) =>
        Shape.Of(shape.Request, 0) ?? throw new InvariantException($"{shape} fits no lanes");

    private static NodeDescription Describe(string id, in PackingNode node) => new()
    {
        Id = id,
        Host = id,
        Capacity = node.Capacity,
        Attributes = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add(Model, [$"{node.Model}"]),
    };

    private static Constraint.Value Admit(bool[] models) =>
        new(Model, [.. Enumerable.Range(0, models.Length).Where(m => models[m]).Select(m => $"{m}")], Negated: false);

    private int Device(int node, in Shape lanes) =>
        lanes.Share == 0 ? 0 : _nodes[node].Gpus.Choose(lanes, _scorer.Policy == PlacementPolicy.Pack ? _scorer.Mix : null)[0];

    /// <summary>Keys say how empty a node is before the task; to compare tasks, what counts is what is left after it.</summary>
    private double Cost(int node, in Shape lanes, in PackingShape shape)
    {
        var (block, lane) = Math.DivRem(node, NodeTable.BlockSize);
        double key = NodeScan.BestKey(_table, lanes, block, 1u << lane, NodeScan.Widest);
        return _scorer.IsByLane ? key - _scorer.Weights.Key(shape.Request) : key / NodeScorer.KeyUnit;
    }
}
