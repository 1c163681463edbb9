namespace OrleansScheduler.Core;

/// <summary>What makes demands equal for the planner: they fit the same nodes for the same reasons.</summary>
/// <param name="Request">Amounts.</param>
/// <param name="Ports">Ports.</param>
/// <param name="Custom">What else.</param>
/// <param name="Revocable">Whether they use revocable capacity.</param>
/// <param name="Constraints">Where they may go.</param>
/// <param name="Owner">The job and version, for demands whose place depends on their own job's tasks; else default and 0.</param>
/// <param name="Version">See <paramref name="Owner"/>.</param>
internal readonly record struct DemandClassKey(
    Resources Request, int Ports, CustomRequest Custom, bool Revocable, ConstraintSet Constraints, JobKey Owner, int Version);

/// <summary>
/// Demands that fit the same nodes, whoever they belong to: the nodes that their facts allow, and the search for the best.
/// </summary>
internal sealed class DemandClass
{
    private readonly ShapeIndexes _indexes;
    private ShapeIndex? _own;

    public DemandClass(DemandClassKey key, ShapeIndexes indexes)
    {
        _indexes = indexes;
        Key = key;
        Shape = Core.Shape.Of(key.Request, key.Ports);
        Index = indexes.Of(Shape ?? default);
        key.Constraints.Classes++;
    }

    public DemandClassKey Key { get; }

    /// <summary>Null when it is more than any node can have.</summary>
    public Shape? Shape { get; }

    public ConstraintSet Constraints => Key.Constraints;

    /// <summary>Nodes that are ready and whose facts satisfy the constraints.</summary>
    public NodeMask Allowed => Key.Constraints.Allowed;

    /// <summary>The search that all demands of the shape share.</summary>
    public ShapeIndex Index { get; }

    /// <summary>Blocks looked at so far.</summary>
    public long Looked => Index.Looked + (_own?.Looked ?? 0);

    /// <summary>The best node that is allowed and fits; -1 when there is none.</summary>
    /// <param name="expected">How many will be asked for in a row.</param>
    public int Pick(int expected)
    {
        if (expected > ShapeIndex.Few) _own ??= _indexes.Own(Shape ?? default, Allowed);
        return (_own ?? Index).Pick(Allowed, expected);
    }

    /// <summary>Whether the best node is found by shape and facts alone.</summary>
    public bool IsPlain => Key.Custom.IsEmpty && Constraints.Moving.IsEmpty;

    /// <summary>Queues that are of this class: it is kept while there are any.</summary>
    public int Queues { get; set; }

    /// <summary>Last time it was used, for forgetting the oldest.</summary>
    public long UsedAt { get; set; }
}

/// <summary>
/// Groups of one role, one class and one tier, in order: when one finds no node or no victims, none behind it does.
/// </summary>
internal sealed class DemandQueue(int role, DemandClass demandClass, bool isGang)
{
    public int Role { get; } = role;

    public DemandClass Class { get; } = demandClass;

    public bool IsGang { get; } = isGang;

    public SortedSet<DemandGroup> Groups { get; } = new(Comparer<DemandGroup>.Create(DemandGroup.Compare));

    public DemandGroup Head => Groups.Min!;

    /// <summary>Why it was set aside in the last round; null when it was not.</summary>
    public (string Code, string? Subject)? Blocked { get; set; }

    public static int Compare(DemandQueue a, DemandQueue b) => ReferenceEquals(a, b) ? 0 : DemandGroup.Compare(a.Head, b.Head);
}

/// <summary>What one role waits for.</summary>
internal sealed class RoleDemand
{
    /// <summary>Queues whose head is worth a look, best first.</summary>
    public SortedSet<DemandQueue> Ready { get; } = new(Comparer<DemandQueue>.Create(DemandQueue.Compare));

    /// <summary>Queues for which nothing was free, or that quotas stop.</summary>
    public List<DemandQueue> Parked { get; } = [];

    public Dictionary<(DemandClass Class, Tier Tier, DemandGroup? Gang), DemandQueue> Queues { get; } = [];
}
