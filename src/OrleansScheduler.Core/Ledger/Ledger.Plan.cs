namespace OrleansScheduler.Core;

/// <content>Planning: who goes where.</content>
public sealed partial class Ledger
{
    private readonly NodeMask _moving = new();

    /// <summary>Places what waits and fits, in order; then makes room for what has waited long.</summary>
    /// <param name="now">The time of the round.</param>
    /// <param name="maxPlacements">Most attempts to place, so that a round stays short. A gang is placed as a whole or not at all.</param>
    /// <param name="maxLooks">Most blocks of sixteen nodes to look at, for the same reason: a few nanoseconds each.</param>
    public LedgerPlan Plan(DateTimeOffset now, int maxPlacements = int.MaxValue, long maxLooks = long.MaxValue)
    {
        var round = new PlanRound(now, maxPlacements, maxLooks);
        KeepPromises(round);
        EndHolds(now);
        Unpark();
        _roles.ResetSkips();
        while (!round.IsOver && _roles.First() is >= 0 and var role)
        {
            var demand = _demand[role];
            if (demand.Ready.Min is not { } queue)
            {
                _roles.Skip(role);
                continue;
            }

            var group = queue.Head;
            if (queue.IsGang) PlaceGang(group, round);
            else PlaceSome(group, round);
            if (group.Waiting == 0)
            {
                EndHolds(group);
                Leave(group);
                group.Job.Groups.Remove(group);
            }
        }

        var hasMore = round.IsOver && _demand.Values.Any(d => d.Ready.Count > 0);
        if (!hasMore) MakeRoom(round);
        var longestWait = OldestWaiting is { } since && now > since ? now - since : TimeSpan.Zero;
        var blocked = 0;
        foreach (var demand in _demand.Values)
        {
            foreach (var queue in demand.Parked) blocked += queue.Groups.Count;
        }

        return round.Conclude(blocked, hasMore || round.HasMore, longestWait);
    }

    /// <summary>Places attempts of a group one by one, as long as its role is the one to be served.</summary>
    private void PlaceSome(DemandGroup group, PlanRound round)
    {
        var role = group.Job.Role;
        while (group.Waiting > 0 && !round.IsOver)
        {
            if (PlaceNext(group, round) is { } reason)
            {
                Park(group.Queue!, reason);
                return;
            }

            if (_roles.First() != role) return;
        }
    }

    /// <summary>Places all attempts of a gang, or none.</summary>
    private void PlaceGang(DemandGroup group, PlanRound round)
    {
        var (mark, placements) = (round.Mark(), _placements);
        var placed = new List<AttemptRef>();
        while (group.Waiting > 0)
        {
            var attempt = group.Next;
            if (PlaceNext(group, round) is not { } reason)
            {
                placed.Add(attempt);
                continue;
            }

            // Backwards, so that everything is as if it had not been tried.
            for (var i = placed.Count - 1; i >= 0; i--)
            {
                Refresh(Drop(group.Job, placed[i]));
                group.Untake();
                Pending++;
            }

            round.Rewind(mark);
            _placements = placements;

            // A quota that stops one member stops the gang; of nodes there are too few, whatever this member lacked of them.
            Park(group.Queue!, placed.Count == 0 || Reasons.IsQuota(reason.Code) ? reason : (Reasons.GangIncomplete, null));
            return;
        }
    }

    /// <summary>Places the next attempt of a group; else the reason why the group has to wait.</summary>
    private (string Code, string? Subject)? PlaceNext(DemandGroup group, PlanRound round)
    {
        var demandClass = group.Class;
        if (demandClass.Shape is not { } shape) return (Reasons.InsufficientCpu, null);
        if (PickReserved(group, round) is { } reserved)
        {
            Place(group, reserved.Node, reserved.Taken, reserved.Devices, round);
            return null;
        }

        if (!demandClass.Key.Revocable && _roles.Admit(group.Job.Role, group.Spec.Request) is { IsAllowed: false } refused)
            return Blocked(refused);
        var before = demandClass.Looked;
        var number = PickHeld(group, shape);
        if (number < 0) number = Pick(group, shape);
        round.Look(demandClass.Looked - before + 1);
        if (number < 0) return (Reasons.InsufficientCpu, null);
        var node = _order[number];
        if (!node.TryTake(_roles, group.Job.Role, group.Spec, shape, _mix, out var taken, out var devices))
            throw new InvariantException($"node {node.Id} has not free what its lanes say: {group.Spec.Request} of {node.Amounts.Free}");
        Place(group, node, taken, devices, round);
        return null;
    }

    private (string Code, string? Subject) Blocked(Admission refused) => refused.Kind == AdmissionKind.Limit
        ? (Reasons.QuotaLimit, _roles.PathOf(refused.Role))
        : (Reasons.QuotaHeadroom, null);

    /// <summary>Gives the next attempt of a group what was already taken of the node, and the rest.</summary>
    private void Place(DemandGroup group, LedgerNode node, in Taken taken, ImmutableArray<int> devices, PlanRound round)
    {
        var spec = group.Spec;
        var ports = ImmutableArray<int>.Empty;
        if (spec.Ports > 0)
        {
            var builder = ImmutableArray.CreateBuilder<int>(spec.Ports);
            if (!node.Ports.TryTake(spec.Ports, builder))
                throw new InvariantException($"node {node.Id} has fewer free ports than it counts");
            ports = builder.MoveToImmutable();
        }

        var placement = new Placement(group.Take(), node.Id, ports)
        {
            Devices = devices,
            Items = node.Custom.Take(spec.Custom),
            Generation = node.Generation,
        };
        Pending--;
        Hold(group.Job, node, placement.Attempt, spec, placement, taken, round.Now);
        Refresh(node);
        round.Add(group, placement);
    }

    /// <summary>A node that is kept free for the group and has become free enough; -1 when there is none.</summary>
    private int PickHeld(DemandGroup group, in Shape shape)
    {
        foreach (var node in group.Held)
        {
            if (!MayUse(group, node)) continue;
            if (NodeScan.Fits(group.Class.Key.Revocable ? _revocable : _table, shape, node.Index) && Takes(group, node)) return node.Index;
        }

        return -1;
    }

    /// <summary>The best node by shape, facts, and where tasks are; -1 when none fits.</summary>
    private int Pick(DemandGroup group, in Shape shape)
    {
        var demandClass = group.Class;
        if (demandClass.IsPlain) return demandClass.Pick(group.Waiting);
        var table = demandClass.Key.Revocable ? _revocable : _table;
        FillMoving(group);
        if (demandClass.Key.Custom.IsEmpty) return demandClass.Index.Pick(_moving, group.Waiting);

        // Rare enough to look at every node that fits: the set of allowed nodes becomes those that have what is asked for.
        for (var i = 0; i < table.Count; i++)
        {
            if (_moving[i] && (!NodeScan.Fits(table, shape, i) || _order[i].Custom.Missing(demandClass.Key.Custom) is not null))
                _moving[i] = false;
        }

        return demandClass.Index.Pick(_moving, group.Waiting);
    }

    /// <summary>The best node where something is reserved for the group's role or one above it; what is reserved goes first.</summary>
    private (LedgerNode Node, Taken Taken, ImmutableArray<int> Devices)? PickReserved(DemandGroup group, PlanRound round)
    {
        if (_poolNodes.Count == 0 || group.Class.Key.Revocable) return null;
        (LedgerNode Node, int Key)? best = null;
        var filled = false;
        for (var role = group.Job.Role; role > 0; role = _roles.ParentOf(role))
        {
            if (!_poolNodes.TryGetValue(role, out var nodes)) continue;
            foreach (var number in nodes)
            {
                round.Look(1);
                var node = _order[number];
                if (!group.Class.Allowed[number] || !HasReserved(node, role, group.Spec.Request)) continue;
                if (!filled && !group.Class.IsPlain) FillMoving(group);
                filled = true;
                if ((!group.Class.IsPlain && !_moving[number]) || !Takes(group, node)) continue;
                if (node.SparePorts < group.Spec.Ports || node.Gpus.Choose(group.Class.Shape!.Value).IsDefault) continue;
                var key = _table.Key[number];
                if (key >= best?.Key) continue;
                if (!node.Amounts.TryChoose(_roles, group.Job.Role, group.Spec.Request, revocable: false, out var parts)) continue;
                if (_roles.Admit(group.Job.Role, parts.Unreserved).IsAllowed) best = (node, key);
            }
        }

        if (best is not { } found) return null;
        var chosen = found.Node;
        return chosen.TryTake(_roles, group.Job.Role, group.Spec, group.Class.Shape!.Value, _mix, out var taken, out var devices)
            ? (chosen, taken, devices)
            : null;
    }

    /// <summary>Whether a part of a request would come from what is reserved for a role.</summary>
    private static bool HasReserved(LedgerNode node, int role, in Resources request)
    {
        foreach (var pool in node.Amounts.Pools)
        {
            if (pool.Role == role && Amounts.Min(request, Amounts.Positive(pool.Free)) != Resources.None) return true;
        }

        return false;
    }

    /// <summary>What no lane says: moving constraints and custom resources of one node.</summary>
    private bool Takes(DemandGroup group, LedgerNode node) =>
        group.Class.IsPlain || (Unmet(group, node) is null && node.Custom.Missing(group.Class.Key.Custom) is null);

    /// <summary>Nodes that facts allow and where the tasks of this and other jobs allow one more.</summary>
    private void FillMoving(DemandGroup group)
    {
        _moving.Copy(group.Class.Allowed);
        foreach (var constraint in group.Class.Constraints.Moving)
        {
            switch (constraint)
            {
                case Constraint.Limit limit:
                    RemoveFull(group.Job, limit.Attribute, limit.Count);
                    break;
                case Constraint.Spread spread:
                    RemoveFull(group.Job, spread.Attribute, Emptiest(group, spread.Attribute) + spread.MaxSkew);
                    break;
                case Constraint.Affinity affinity:
                    KeepNear(affinity);
                    break;
            }
        }
    }

    private void RemoveFull(LedgerJob job, string attribute, int full)
    {
        if (NodeAttributes.IsNode(attribute))
        {
            foreach (var (node, count) in job.CountByNode(_held))
            {
                if (count >= full) _moving[node] = false;
            }

            return;
        }

        foreach (var (value, count) in job.CountBy(attribute, _order, _held))
        {
            if (count >= full && _attributes.Having(attribute, value) is { } nodes) _moving.Remove(nodes);
        }
    }

    /// <summary>
    /// The fewest attempts that any value has of those whose nodes the group may use. A node that is kept free for somebody counts: it does
    /// not make the others' nodes allowed.
    /// </summary>
    private int Emptiest(DemandGroup group, string attribute)
    {
        var fewest = int.MaxValue;
        if (NodeAttributes.IsNode(attribute))
        {
            var byNode = group.Job.CountByNode(_held);
            for (var i = 0; i < _order.Count && fewest > 0; i++)
            {
                if (group.Class.Allowed[i]) fewest = Math.Min(fewest, byNode.GetValueOrDefault(i));
            }

            foreach (var node in _holds)
            {
                if (MayUse(group, node)) fewest = Math.Min(fewest, byNode.GetValueOrDefault(node.Index));
            }

            return fewest == int.MaxValue ? 0 : fewest;
        }

        var counts = group.Job.CountBy(attribute, _order, _held);
        foreach (var (value, nodes) in _attributes.Values(attribute))
        {
            if (group.Class.Allowed.Overlaps(nodes)) fewest = Math.Min(fewest, counts.GetValueOrDefault(value));
        }

        foreach (var node in _holds)
        {
            if (!MayUse(group, node)) continue;
            foreach (var value in NodeAttributes.ValuesOf(node.Description, attribute))
                fewest = Math.Min(fewest, counts.GetValueOrDefault(value));
        }

        return fewest == int.MaxValue ? 0 : fewest;
    }

    /// <summary>Whether a group might get something of a node if it were not kept free for somebody.</summary>
    private static bool MayUse(DemandGroup group, LedgerNode node) =>
        node.IsReachableAndOpen && !node.IsOvercommitted && group.Class.Constraints.Broken(node.Description) is null;

    private void KeepNear(Constraint.Affinity affinity)
    {
        var near = new NodeMask();
        near.Resize(_order.Count);
        if (_jobs.TryGetValue(affinity.Job, out var other))
        {
            if (NodeAttributes.IsNode(affinity.Attribute))
            {
                foreach (var node in other.CountByNode(_held).Keys) near[node] = true;
            }
            else
            {
                foreach (var (value, count) in other.CountBy(affinity.Attribute, _order, _held))
                {
                    if (count > 0 && _attributes.Having(affinity.Attribute, value) is { } nodes) near.Add(nodes);
                }
            }
        }

        if (affinity.Apart) _moving.Remove(near);
        else _moving.Keep(near);
    }

    /// <summary>The first moving constraint that a node breaks; null when it breaks none.</summary>
    /// <param name="group">Whose constraints.</param>
    /// <param name="node">The node.</param>
    /// <param name="emptiest">Fewest attempts by attribute, where that has been counted already.</param>
    private (string Code, string? Subject)? Unmet(DemandGroup group, LedgerNode node, Dictionary<string, int>? emptiest = null)
    {
        foreach (var constraint in group.Class.Constraints.Moving)
        {
            var broken = constraint switch
            {
                Constraint.Limit limit => CountAt(group.Job, node, limit.Attribute) >= limit.Count ? Reasons.LimitNotSatisfied : null,
                Constraint.Spread spread =>
                    CountAt(group.Job, node, spread.Attribute)
                        >= (emptiest?[spread.Attribute] ?? Emptiest(group, spread.Attribute)) + spread.MaxSkew
                        ? Reasons.SpreadNotSatisfied
                        : null,
                Constraint.Affinity affinity => (CountAt(_jobs.GetValueOrDefault(affinity.Job), node, affinity.Attribute) > 0) switch
                {
                    true when affinity.Apart => Reasons.AntiAffinityNotSatisfied,
                    false when !affinity.Apart => Reasons.AffinityNotSatisfied,
                    _ => null,
                },
                _ => null,
            };
            if (broken is not null) return (broken, constraint.Attribute);
        }

        return null;
    }

    /// <summary>The most attempts that a job has at any of a node's values of an attribute.</summary>
    private int CountAt(LedgerJob? job, LedgerNode node, string attribute)
    {
        if (job is null) return 0;
        if (NodeAttributes.IsNode(attribute)) return job.CountByNode(_held).GetValueOrDefault(node.Index);
        var most = 0;
        var counts = job.CountBy(attribute, _order, _held);
        foreach (var value in NodeAttributes.ValuesOf(node.Description, attribute)) most = Math.Max(most, counts.GetValueOrDefault(value));
        return most;
    }
}
