namespace OrleansScheduler.Core;

/// <summary>One job in the ledger: what it holds and what it waits for.</summary>
internal sealed class LedgerJob(JobKey key, int role)
{
    private Dictionary<string, Dictionary<string, int>>? _counts;
    private Dictionary<int, int>? _countByNode;

    public JobKey Key { get; } = key;

    /// <summary>Its role in <see cref="RoleTree"/>.</summary>
    public int Role { get; } = role;

    /// <summary>Rows of <see cref="HeldTable"/> by attempt, promises too.</summary>
    public Dictionary<AttemptRef, int> Holding { get; } = [];

    public List<DemandGroup> Groups { get; } = [];

    public bool IsIdle => Holding.Count == 0 && Groups.Count == 0;

    public void Count(LedgerNode node, int change)
    {
        if (_countByNode is not null) Add(_countByNode, node.Index, change);
        if (_counts is null) return;
        foreach (var (attribute, counts) in _counts) Add(counts, node, attribute, change);
    }

    /// <summary>
    /// Attempts of the job by node, promises too: what limit, spread and affinity count. Kept up to date once it was asked for.
    /// </summary>
    public Dictionary<int, int> CountByNode(HeldTable table)
    {
        if (_countByNode is not null) return _countByNode;
        _countByNode = [];
        foreach (var held in Holding.Values) Add(_countByNode, table[held].Node, 1);
        return _countByNode;
    }

    /// <summary>Attempts of the job by value of an attribute, in the same way.</summary>
    public Dictionary<string, int> CountBy(string attribute, List<LedgerNode> nodes, HeldTable table)
    {
        _counts ??= new(StringComparer.Ordinal);
        if (_counts.TryGetValue(attribute, out var counts)) return counts;
        _counts[attribute] = counts = new(StringComparer.Ordinal);
        foreach (var (node, count) in CountByNode(table)) Add(counts, nodes[node], attribute, count);
        return counts;
    }

    /// <summary>A node of the job has other attributes: counts are made anew when somebody asks.</summary>
    public void ForgetCounts() => _counts = null;

    private static void Add(Dictionary<int, int> counts, int node, int change)
    {
        var count = counts.GetValueOrDefault(node) + change;
        if (count == 0) counts.Remove(node);
        else counts[node] = count;
    }

    private static void Add(Dictionary<string, int> counts, LedgerNode node, string attribute, int change)
    {
        foreach (var value in NodeAttributes.ValuesOf(node.Description, attribute))
            counts[value] = counts.GetValueOrDefault(value) + change;
    }
}
