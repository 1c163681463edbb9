namespace OrleansScheduler.Core;

/// <content>Nodes that are kept free for groups which have waited long, so that small tasks do not starve large ones.</content>
public sealed partial class Ledger
{
    private readonly List<LedgerNode> _holds = [];

    /// <summary>Nodes that are kept free for somebody.</summary>
    public int Held => _holds.Count;

    /// <summary>
    /// Keeps the nodes free that will be free first: one, or for a gang as many as it takes. Bounded in number and in time.
    /// </summary>
    private void Hold(DemandGroup group, PlanRound round)
    {
        var (now, stamp) = (round.Now, _placements + _supply);
        if (now < group.NoHoldBefore || group.NoHoldAt == stamp) return;
        var most = Math.Max(1, _order.Count / _options.HoldOneOf);
        var missing = (group.Demand.Gang ? group.Waiting : 1) - group.Held.Sum(n => Room(n, group.Spec.Request));
        if (missing <= 0 || _holds.Count >= most) return;
        round.Search(_order.Count, Placed);
        var candidates = new List<(DateTimeOffset FreeAt, double Short, LedgerNode Node)>();
        foreach (var node in _order)
        {
            if (!group.Class.Allowed[node.Index] || Room(node, group.Spec.Request) == 0 || !Takes(group, node)) continue;
            var freeAt = FitsAt(node, group, now) ?? DateTimeOffset.MaxValue;
            candidates.Add((freeAt, _scorer.Weights.Key(Amounts.Positive(group.Spec.Request - node.Amounts.Free)), node));
        }

        if (candidates.Count == 0) group.NoHoldAt = stamp;
        candidates.Sort(static (a, b) =>
            a.FreeAt != b.FreeAt ? a.FreeAt.CompareTo(b.FreeAt)
            : a.Short != b.Short ? a.Short.CompareTo(b.Short)
            : a.Node.Index.CompareTo(b.Node.Index));
        foreach (var (_, _, node) in candidates)
        {
            if (missing <= 0 || _holds.Count >= most) return;
            node.Hold = new NodeHold(group, now + _options.HoldFor);
            group.AddHeld(node);
            _holds.Add(node);
            Refresh(node);
            missing -= Room(node, group.Spec.Request);
        }
    }

    /// <summary>How many tasks would fit on an empty node.</summary>
    private static int Room(LedgerNode node, in Resources request)
    {
        var capacity = node.Description.Capacity;
        var room = (long)int.MaxValue;
        if (request.CpuMillis > 0) room = Math.Min(room, capacity.CpuMillis / request.CpuMillis);
        if (request.MemoryMiB > 0) room = Math.Min(room, capacity.MemoryMiB / request.MemoryMiB);
        if (request.DiskMiB > 0) room = Math.Min(room, capacity.DiskMiB / request.DiskMiB);
        if (request.GpuMillis is > 0 and < Shape.Device)
            room = Math.Min(room, capacity.GpuMillis / Shape.Device * (Shape.Device / request.GpuMillis));
        else if (request.GpuMillis > 0) room = Math.Min(room, capacity.GpuMillis / request.GpuMillis);
        return (int)room;
    }

    /// <summary>
    /// When a node has room for one of a group at the latest, from the time limits of what runs there; null when they do not say.
    /// </summary>
    private DateTimeOffset? FitsAt(LedgerNode node, DemandGroup group, DateTimeOffset now)
    {
        var ends = new List<(DateTimeOffset At, int Row)>();
        for (var held = node.FirstHeld; held >= 0; held = _held[held].Next)
        {
            if (!_held[held].IsPromise && _held[held].EndsBy is { } at) ends.Add((at > now ? at : now, held));
        }

        ends.Sort();
        var free = node.Amounts.Free;
        var ports = node.FreePorts;
        if (group.Spec.Request.FitsInto(free) && group.Spec.Ports <= ports) return now;
        foreach (var (at, row) in ends)
        {
            free += _held[row].Taken.Unreserved;
            ports += _held[row].Spec.Ports;
            if (group.Spec.Request.FitsInto(free) && group.Spec.Ports <= ports) return at;
        }

        return null;
    }

    private void EndHolds(DateTimeOffset now)
    {
        for (var i = _holds.Count - 1; i >= 0; i--)
        {
            var (node, hold) = (_holds[i], _holds[i].Hold!);
            if (hold.Until > now) continue;
            hold.Group.NoHoldBefore = now + _options.HoldFor;
            EndHold(node);
        }
    }

    private void EndHolds(DemandGroup group)
    {
        while (group.Held.Count > 0) EndHold(group.Held[^1]);
    }

    private void EndHold(LedgerNode node)
    {
        if (node.Hold is not { } hold) return;
        hold.Group.RemoveHeld(node);
        node.Hold = null;
        _holds.Remove(node);
        Refresh(node);
        _supply++;
    }

    /// <summary>The group was said again: it keeps its nodes.</summary>
    private static void HandOver(DemandGroup before, DemandGroup after)
    {
        foreach (var node in before.Held.ToList())
        {
            node.Hold = node.Hold! with { Group = after };
            after.AddHeld(node);
            before.RemoveHeld(node);
        }

        after.NoHoldBefore = before.NoHoldBefore;
    }
}
