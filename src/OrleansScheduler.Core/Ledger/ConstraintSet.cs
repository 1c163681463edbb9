namespace OrleansScheduler.Core;

/// <summary>The constraints of a demand, sorted by what they depend on: facts about nodes, or where tasks are.</summary>
/// <remarks>One for all demands with equal constraints (<see cref="ConstraintSets"/>).</remarks>
internal sealed class ConstraintSet
{
    public ConstraintSet(ImmutableArray<Constraint> constraints)
    {
        All = constraints;
        Values = [.. constraints.OfType<Constraint.Value>()];
        Moving = [.. constraints.Where(c => c is not Constraint.Value)];
        AsksForDedicated = Values.Any(v => v.Attribute == Constraint.DedicatedAttribute && !v.Negated);
        FollowsOthers = Moving.Any(c => c is Constraint.Affinity or Constraint.Spread);
    }

    public ImmutableArray<Constraint> All { get; }

    /// <summary>Those that facts about the node decide.</summary>
    public ImmutableArray<Constraint.Value> Values { get; }

    /// <summary>Those that change as tasks come and go: limit, spread, affinity.</summary>
    public ImmutableArray<Constraint> Moving { get; }

    public bool AsksForDedicated { get; }

    /// <summary>Whether a node can become allowed because a task was placed somewhere.</summary>
    public bool FollowsOthers { get; }

    /// <summary>Nodes that are ready and whose facts satisfy it.</summary>
    public NodeMask Allowed { get; } = new();

    /// <summary>Classes of demands that have it: it is kept while there are any.</summary>
    public int Classes { get; set; }

    /// <summary>Makes <see cref="Allowed"/> anew.</summary>
    public void Fill(NodeMask ready, NodeAttributes attributes)
    {
        var mask = Allowed;
        mask.Copy(ready);
        if (!AsksForDedicated) mask.Remove(attributes.Having(Constraint.DedicatedAttribute));
        foreach (var value in Values)
        {
            var any = new NodeMask();
            foreach (var text in value.Values)
            {
                if (attributes.Having(value.Attribute, text) is { } nodes) any.Add(nodes);
            }

            if (value.Negated) mask.Remove(any);
            else mask.Keep(any);
        }

        foreach (var moving in Moving)
        {
            if (moving is not Constraint.Affinity { Apart: true }) mask.Keep(attributes.Having(moving.Attribute));
        }
    }

    /// <summary>The first constraint that a node's facts break; null when they break none.</summary>
    public (string Code, string? Subject)? Broken(NodeDescription node)
    {
        if (!AsksForDedicated && node.Attributes.ContainsKey(Constraint.DedicatedAttribute)) return (Reasons.NodeDedicated, null);
        foreach (var value in Values)
        {
            var any = false;
            foreach (var has in NodeAttributes.ValuesOf(node, value.Attribute)) any |= value.Values.Contains(has);
            if (any != value.Negated) continue;
            return value.Attribute switch
            {
                Constraint.NodeAttribute => (Reasons.NodeNotListed, null),
                Constraint.DedicatedAttribute => (Reasons.NodeDedicated, null),
                TaskDrivers.Attribute when !value.Negated => (Reasons.DriverNotOffered, value.Values[0]),
                _ => (Reasons.ConstraintNotSatisfied, value.Attribute),
            };
        }

        foreach (var moving in Moving)
        {
            if (moving is not Constraint.Affinity { Apart: true } && NodeAttributes.ValuesOf(node, moving.Attribute).IsEmpty)
                return (Reasons.ConstraintNotSatisfied, moving.Attribute);
        }

        return null;
    }
}

/// <summary>The constraint sets that are in use, each once.</summary>
internal sealed class ConstraintSets
{
    private const int MaxIdle = 256;

    private readonly Dictionary<Key, ConstraintSet> _sets = [];

    public IEnumerable<ConstraintSet> All => _sets.Values;

    /// <summary>The set with these constraints; made if need be.</summary>
    public ConstraintSet Of(ImmutableArray<Constraint> constraints, NodeMask ready, NodeAttributes attributes)
    {
        var key = new Key(constraints.IsDefault ? [] : constraints);
        if (_sets.TryGetValue(key, out var found)) return found;
        if (_sets.Count >= MaxIdle)
        {
            foreach (var (idle, set) in _sets.ToList())
            {
                if (set.Classes == 0) _sets.Remove(idle);
            }
        }

        _sets[key] = found = new ConstraintSet(key.Constraints);
        found.Fill(ready, attributes);
        return found;
    }

    private readonly struct Key(ImmutableArray<Constraint> constraints) : IEquatable<Key>
    {
        public ImmutableArray<Constraint> Constraints { get; } = constraints;

        public bool Equals(Key other) => Constraints.AsSpan().SequenceEqual(other.Constraints.AsSpan());

        public override bool Equals(object? obj) => obj is Key key && Equals(key);

        public override int GetHashCode()
        {
            var hash = Constraints.Length;
            foreach (var constraint in Constraints) hash = HashCode.Combine(hash, constraint.GetHashCode());
            return hash;
        }
    }
}
