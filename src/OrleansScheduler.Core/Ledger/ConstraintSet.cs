namespace OrleansScheduler.Core;

/// <summary>The constraints of a demand, sorted by what they depend on: facts about nodes, or where tasks are.</summary>
internal sealed class ConstraintSet : IEquatable<ConstraintSet>
{
    private readonly int _hash;

    public ConstraintSet(ImmutableArray<Constraint> constraints)
    {
        All = constraints;
        Values = [.. constraints.OfType<Constraint.Value>()];
        Moving = [.. constraints.Where(c => c is not Constraint.Value)];
        AsksForDedicated = Values.Any(v => v.Attribute == Constraint.DedicatedAttribute && !v.Negated);
        var hash = new HashCode();
        foreach (var constraint in constraints) hash.Add(constraint);
        _hash = hash.ToHashCode();
    }

    public static ConstraintSet None { get; } = new([]);

    public ImmutableArray<Constraint> All { get; }

    /// <summary>Those that facts about the node decide.</summary>
    public ImmutableArray<Constraint.Value> Values { get; }

    /// <summary>Those that change as tasks come and go: limit, spread, affinity.</summary>
    public ImmutableArray<Constraint> Moving { get; }

    public bool AsksForDedicated { get; }

    /// <summary>Nodes whose facts satisfy it and that are ready.</summary>
    public void Fill(NodeMask mask, NodeMask ready, NodeAttributes attributes)
    {
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

    public bool Equals(ConstraintSet? other) =>
        other is not null && (ReferenceEquals(this, other) || All.AsSpan().SequenceEqual(other.All.AsSpan()));

    public override bool Equals(object? obj) => Equals(obj as ConstraintSet);

    public override int GetHashCode() => _hash;
}
