namespace OrleansScheduler.Core;

/// <summary>What the attempts of one kind hold, and what it takes to judge them: shared by all attempts that were placed alike.</summary>
/// <param name="Request">Amounts.</param>
/// <param name="Ports">Ports.</param>
/// <param name="Custom">What else.</param>
/// <param name="Version">Version of the job.</param>
/// <param name="Priority">Order within the role.</param>
/// <param name="Tier">Who may displace them.</param>
/// <param name="TimeLimit">How long one runs at most; null when that is not known.</param>
/// <param name="Constraints">Where they may go, for when they have to go elsewhere.</param>
internal sealed record HeldSpec(
    Resources Request, int Ports, CustomRequest Custom, int Version, int Priority, Tier Tier, TimeSpan? TimeLimit,
    ImmutableArray<Constraint> Constraints)
{
    public bool IsRevocable => Tier == Tier.Revocable;

    /// <summary>What it takes of each of its GPUs, in thousandths.</summary>
    public int EachDevice => Request.GpuMillis is > 0 and < Shape.Device ? (int)Request.GpuMillis : Shape.Device;

    public static HeldSpec Of(Demand demand) => new(
        demand.Request, demand.Ports, demand.Custom, demand.Version, demand.Priority, demand.Tier, demand.TimeLimit,
        demand.Constraints.IsDefault ? [] : demand.Constraints);
}

/// <summary>One attempt that holds something of a node, or has been promised it.</summary>
internal struct HeldAttempt
{
    public LedgerJob Job;
    public AttemptRef Attempt;
    public HeldSpec Spec;
    public int Node;

    /// <summary>The next one on the same node, or on the free list; -1 at the end.</summary>
    public int Next;

    public int Previous;

    /// <summary>How many promises count on its end.</summary>
    public int Victims;

    /// <summary>Whether it waits for victims to go: it has nothing yet, but nobody else gets it.</summary>
    public bool IsPromise;

    public Taken Taken;
    public ImmutableArray<int> Ports;
    public ImmutableArray<int> Devices;
    public ImmutableArray<string> Items;

    /// <summary>When it was placed or promised.</summary>
    public DateTimeOffset Since;

    /// <summary>When it ends at the latest; null when that is not known.</summary>
    public readonly DateTimeOffset? EndsBy =>
        Spec.TimeLimit is { } limit && limit < DateTimeOffset.MaxValue - Since ? Since + limit : null;
}

/// <summary>What one attempt holds, in a form that does not change.</summary>
internal readonly record struct HeldFact(
    JobKey Job, AttemptRef Attempt, HeldSpec Spec, int Node, ImmutableArray<int> Ports, ImmutableArray<int> Devices,
    ImmutableArray<string> Items, DateTimeOffset Since);

/// <summary>
/// All attempts that hold something, in one array: a number each, a linked list a node. Numbers of those that ended come again.
/// </summary>
internal sealed class HeldTable
{
    private HeldAttempt[] _rows = new HeldAttempt[64];
    private int _used;
    private int _free = -1;

    public ref HeldAttempt this[int held] => ref _rows[held];

    /// <summary>What attempts hold now, without promises.</summary>
    public HeldFact[] Facts()
    {
        var facts = new HeldFact[_used];
        var count = 0;
        foreach (ref readonly var row in _rows.AsSpan(0, _used))
        {
            if (row.Job is not null && !row.IsPromise)
                facts[count++] = new(row.Job.Key, row.Attempt, row.Spec, row.Node, row.Ports, row.Devices, row.Items, row.Since);
        }

        return count == _used ? facts : facts[..count];
    }

    /// <summary>Makes room for so many, so that they come without growing step by step.</summary>
    public void EnsureCapacity(int rows)
    {
        if (rows > _rows.Length) Array.Resize(ref _rows, rows);
    }

    public int Add(LedgerNode node, in HeldAttempt row)
    {
        int held;
        if (_free >= 0)
        {
            held = _free;
            _free = _rows[held].Next;
        }
        else
        {
            if (_used == _rows.Length) Array.Resize(ref _rows, _rows.Length * 2);
            held = _used++;
        }

        ref var added = ref _rows[held];
        added = row;
        (added.Previous, added.Next) = (-1, node.FirstHeld);
        if (added.Next >= 0) _rows[added.Next].Previous = held;
        node.FirstHeld = held;
        return held;
    }

    public void Remove(LedgerNode node, int held)
    {
        ref var row = ref _rows[held];
        if (row.Previous >= 0) _rows[row.Previous].Next = row.Next;
        else node.FirstHeld = row.Next;
        if (row.Next >= 0) _rows[row.Next].Previous = row.Previous;
        row = default;
        row.Next = _free;
        _free = held;
    }
}
