namespace OrleansScheduler.Core;

/// <summary>One job in the ledger: what it holds and what it waits for.</summary>
internal sealed class LedgerJob(JobKey key, int role)
{
    private Dictionary<string, Dictionary<string, int>>? _counts;

    public JobKey Key { get; } = key;

    /// <summary>Its role in <see cref="RoleTree"/>.</summary>
    public int Role { get; } = role;

    /// <summary>Rows of <see cref="HeldTable"/> by attempt, promises too.</summary>
    public Dictionary<AttemptRef, int> Holding { get; private init; } = [];

    /// <summary>Attempts of the job by node, promises too: what limit, spread and affinity count.</summary>
    public SortedDictionary<int, int> CountByNode { get; private init; } = [];

    public List<DemandGroup> Groups { get; } = [];

    public bool IsIdle => Holding.Count == 0 && Groups.Count == 0;

    public void Count(LedgerNode node, int change)
    {
        var count = CountByNode.GetValueOrDefault(node.Index) + change;
        if (count == 0) CountByNode.Remove(node.Index);
        else CountByNode[node.Index] = count;
        if (_counts is null) return;
        foreach (var (attribute, counts) in _counts) Add(counts, node, attribute, change);
    }

    /// <summary>Attempts of the job by value of an attribute.</summary>
    public Dictionary<string, int> CountBy(string attribute, List<LedgerNode> nodes)
    {
        _counts ??= new(StringComparer.Ordinal);
        if (_counts.TryGetValue(attribute, out var counts)) return counts;
        _counts[attribute] = counts = new(StringComparer.Ordinal);
        foreach (var (node, count) in CountByNode) Add(counts, nodes[node], attribute, count);
        return counts;
    }

    /// <summary>A node of the job has other attributes: counts are made anew when somebody asks.</summary>
    public void ForgetCounts() => _counts = null;

    /// <summary>A copy without demands.</summary>
    public LedgerJob Clone() => new(Key, Role) { Holding = new(Holding), CountByNode = new(CountByNode) };

    private static void Add(Dictionary<string, int> counts, LedgerNode node, string attribute, int change)
    {
        foreach (var value in NodeAttributes.ValuesOf(node.Description, attribute))
            counts[value] = counts.GetValueOrDefault(value) + change;
    }
}
