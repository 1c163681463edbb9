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

/// <summary>What an attempt holds one by one.</summary>
internal sealed record HeldItems(ImmutableArray<int> Ports, ImmutableArray<int> Devices, ImmutableArray<string> Items)
{
    public static HeldItems None { get; } = new([], [], []);

    public static HeldItems Of(Placement placement) =>
        placement.Ports.IsDefaultOrEmpty && placement.Devices.IsDefaultOrEmpty && placement.Items.IsDefaultOrEmpty
            ? None
            : new(placement.Ports, placement.Devices, placement.Items);
}

/// <summary>
/// One attempt that holds something of a node, or has been promised it. There are as many as tasks in the cell, so what nearly all have in
/// common is not in the row.
/// </summary>
internal struct HeldAttempt(HeldSpec spec, in Taken taken, HeldItems items, DateTimeOffset since)
{
    private readonly object? _taken = IsWhole(taken, spec) ? null : taken;
    private HeldItems _items = items;
    private long _sinceTicks = since.UtcTicks;

    public required LedgerJob Job;
    public AttemptRef Attempt;
    public readonly HeldSpec Spec = spec;
    public int Node;

    /// <summary>The next one on the same node, or on the free list; -1 at the end.</summary>
    public int Next;

    public int Previous;

    /// <summary>How many promises count on its end.</summary>
    public int Victims;

    /// <summary>Whether it waits for victims to go: it has nothing yet, but nobody else gets it.</summary>
    public bool IsPromise;

    public readonly Taken Taken => _taken is Taken other ? other : Whole(Spec);

    public readonly ImmutableArray<int> Ports => _items.Ports;

    public readonly ImmutableArray<int> Devices => _items.Devices;

    public readonly ImmutableArray<string> Items => _items.Items;

    /// <summary>When it was placed or promised.</summary>
    public readonly DateTimeOffset Since => new(_sinceTicks, TimeSpan.Zero);

    /// <summary>When it ends at the latest; null when that is not known.</summary>
    public readonly DateTimeOffset? EndsBy =>
        Spec.TimeLimit is { } limit && limit < DateTimeOffset.MaxValue - Since ? Since + limit : null;

    /// <summary>What it was promised is its own now.</summary>
    public void Fulfil(ImmutableArray<int> ports, ImmutableArray<string> items, DateTimeOffset since)
    {
        IsPromise = false;
        _items = _items with { Ports = ports, Items = items };
        _sinceTicks = since.UtcTicks;
    }

    private static bool IsWhole(in Taken taken, HeldSpec spec) =>
        taken.Unreserved == spec.Request && taken.Revocable == Resources.None && taken.PoolsOrEmpty.IsEmpty;

    /// <summary>All that it asks for, out of what is not reserved.</summary>
    private static Taken Whole(HeldSpec spec) => new(spec.Request, Resources.None, []);
}

/// <summary>What one attempt holds, in a form that does not change.</summary>
internal readonly record struct HeldFact(
    JobKey Job, AttemptRef Attempt, HeldSpec Spec, int Node, ImmutableArray<int> Ports, ImmutableArray<int> Devices,
    ImmutableArray<string> Items, DateTimeOffset Since);

/// <summary>
/// All attempts that hold something: a number each, a linked list a node. Numbers of those that ended come again. In blocks, so that
/// growing copies nothing and leaves no room unused that is as large as all the rest.
/// </summary>
internal sealed class HeldTable
{
    private const int BlockBits = 10;
    private const int BlockMask = (1 << BlockBits) - 1;

    private readonly List<HeldAttempt[]> _blocks = [];
    private int _used;
    private int _free = -1;

    public ref HeldAttempt this[int held] => ref _blocks[held >> BlockBits][held & BlockMask];

    /// <summary>What attempts hold now, without promises.</summary>
    public HeldFact[] Facts()
    {
        var facts = new HeldFact[_used];
        var count = 0;
        for (var held = 0; held < _used; held++)
        {
            ref readonly var row = ref this[held];
            if (row.Job is not null && !row.IsPromise)
                facts[count++] = new(row.Job.Key, row.Attempt, row.Spec, row.Node, row.Ports, row.Devices, row.Items, row.Since);
        }

        return count == _used ? facts : facts[..count];
    }

    /// <summary>Makes room for so many, so that they come without growing step by step.</summary>
    public void EnsureCapacity(int rows)
    {
        while (_blocks.Count << BlockBits < rows) _blocks.Add(new HeldAttempt[1 << BlockBits]);
    }

    public int Add(LedgerNode node, in HeldAttempt row)
    {
        int held;
        if (_free >= 0)
        {
            held = _free;
            _free = this[held].Next;
        }
        else
        {
            held = _used++;
            EnsureCapacity(_used);
        }

        ref var added = ref this[held];
        added = row;
        (added.Previous, added.Next) = (-1, node.FirstHeld);
        if (added.Next >= 0) this[added.Next].Previous = held;
        node.FirstHeld = held;
        return held;
    }

    public void Remove(LedgerNode node, int held)
    {
        ref var row = ref this[held];
        if (row.Previous >= 0) this[row.Previous].Next = row.Next;
        else node.FirstHeld = row.Next;
        if (row.Next >= 0) this[row.Next].Previous = row.Previous;
        row = default;
        row.Next = _free;
        _free = held;
    }
}
