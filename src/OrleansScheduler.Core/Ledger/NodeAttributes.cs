namespace OrleansScheduler.Core;

/// <summary>Which nodes have which values of the attributes that somebody has asked about.</summary>
/// <remarks>
/// An attribute is indexed when it is first asked for, in one pass; after that a node's change costs its own attributes only.
/// </remarks>
internal sealed class NodeAttributes(List<LedgerNode> nodes, Dictionary<string, LedgerNode> byId)
{
    private readonly Dictionary<string, Attribute> _attributes = new(StringComparer.Ordinal);

    /// <summary>The values that a node has of an attribute; the node's id for <see cref="Constraint.NodeAttribute"/>.</summary>
    public static ImmutableArray<string> ValuesOf(NodeDescription node, string attribute) =>
        attribute == Constraint.NodeAttribute ? [node.Id] : node.Attributes.GetValueOrDefault(attribute, []);

    /// <summary>Nodes that have the attribute.</summary>
    public NodeMask Having(string attribute) => Indexed(attribute).Any;

    /// <summary>Whether the attribute names single nodes, so that counting by value is counting by node.</summary>
    public static bool IsNode(string attribute) => attribute == Constraint.NodeAttribute;

    /// <summary>Nodes that have the value; null when none ever had.</summary>
    public NodeMask? Having(string attribute, string value)
    {
        if (attribute != Constraint.NodeAttribute) return Indexed(attribute).Values.GetValueOrDefault(value);
        if (!byId.TryGetValue(value, out var node)) return null;
        return new NodeMask { [node.Index] = true };
    }

    /// <summary>All values that some node has had, with their nodes, in ordinal order.</summary>
    public IEnumerable<KeyValuePair<string, NodeMask>> Values(string attribute) => Indexed(attribute).Values;

    /// <summary>A node has another description.</summary>
    public void Change(int node, NodeDescription? before, NodeDescription after)
    {
        foreach (var (name, attribute) in _attributes)
        {
            if (before is not null) Set(attribute, node, ValuesOf(before, name), false);
            Set(attribute, node, ValuesOf(after, name), true);
        }
    }

    private Attribute Indexed(string name)
    {
        if (_attributes.TryGetValue(name, out var attribute)) return attribute;
        _attributes[name] = attribute = new Attribute { IsNode = IsNode(name) };
        foreach (var node in nodes) Set(attribute, node.Index, ValuesOf(node.Description, name), true);
        return attribute;
    }

    private static void Set(Attribute attribute, int node, ImmutableArray<string> values, bool has)
    {
        attribute.Any[node] = has && !values.IsEmpty;
        if (attribute.IsNode) return;
        foreach (var value in values)
        {
            if (!attribute.Values.TryGetValue(value, out var mask)) attribute.Values[value] = mask = new NodeMask();
            mask[node] = has;
        }
    }

    private sealed class Attribute
    {
        public bool IsNode { get; init; }

        public NodeMask Any { get; } = new();

        public SortedDictionary<string, NodeMask> Values { get; } = new(StringComparer.Ordinal);
    }
}
