namespace OrleansScheduler.Core;

/// <summary>Equal attempts of one job that wait.</summary>
internal sealed class DemandGroup
{
    private ImmutableArray<AttemptRef> _waiting;
    private int _next;
    private List<LedgerNode>? _held;

    public DemandGroup(LedgerJob job, Demand demand, ImmutableArray<AttemptRef> waiting, DemandClass demandClass)
    {
        (Job, Demand, Class, _waiting) = (job, demand, demandClass, waiting);
        Spec = HeldSpec.Of(demand);
    }

    public LedgerJob Job { get; }

    public Demand Demand { get; }

    public DemandClass Class { get; }

    public HeldSpec Spec { get; }

    public DemandQueue? Queue { get; set; }

    /// <summary>Attempts that have neither a node nor the promise of one.</summary>
    public int Waiting => _waiting.Length - _next;

    /// <summary>Nodes that are kept free for it.</summary>
    public IReadOnlyList<LedgerNode> Held => _held ?? (IReadOnlyList<LedgerNode>)[];

    /// <summary>Before this no node is kept free for it again.</summary>
    public DateTimeOffset NoHoldBefore { get; set; }

    /// <summary>The ledger's count of changes when nobody could be preempted for it; −1 when that has not been tried.</summary>
    public long NoVictimsAt { get; set; } = -1;

    /// <summary>The same when no node could be kept free for it.</summary>
    public long NoHoldAt { get; set; } = -1;

    public AttemptRef Next => _waiting[_next];

    public AttemptRef Take() => _waiting[_next++];

    /// <summary>Gives back the attempt that was taken last.</summary>
    public void Untake() => _next--;

    /// <summary>Puts back an attempt whose promise was not kept, behind the others.</summary>
    public void Return(AttemptRef attempt) => _waiting = _waiting.Add(attempt);

    public void AddHeld(LedgerNode node) => (_held ??= []).Add(node);

    public void RemoveHeld(LedgerNode node) => _held?.Remove(node);

    public IEnumerable<AttemptRef> WaitingAttempts => _waiting.Skip(_next);

    /// <summary>Priority, then age, then name.</summary>
    public static int Compare(DemandGroup a, DemandGroup b)
    {
        if (ReferenceEquals(a, b)) return 0;
        var order = b.Demand.Priority.CompareTo(a.Demand.Priority);
        if (order == 0) order = a.Demand.Since.CompareTo(b.Demand.Since);
        if (order == 0) order = a.Job.Key.CompareTo(b.Job.Key);
        return order != 0 ? order : a.Demand.Version.CompareTo(b.Demand.Version);
    }
}
