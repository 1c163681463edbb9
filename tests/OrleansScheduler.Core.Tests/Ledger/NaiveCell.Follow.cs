namespace OrleansScheduler.Core.Tests;

/// <content>Follows a plan step by step and says at which step it did something else than the rules say.</content>
internal sealed partial class NaiveCell
{
    /// <summary>Takes a plan over after checking every step of it.</summary>
    public void Follow(LedgerPlan plan, DateTimeOffset now, LedgerOptions options)
    {
        Keep(plan, now, options);
        var aside = new HashSet<NaiveGroup>();
        NaiveGroup? gang = null;
        var placed = false;
        foreach (var (job, reservation, placement) in plan.Placements())
        {
            if (Find(job, placement.Attempt) is not null) continue;
            NaiveGroup? group;
            while (true)
            {
                group = gang ?? Next(aside);
                if (group is null) Assert.Fail($"{job} got {placement.Node} though nothing of it waits");
                if (group.Job == job && group.Demand.Version == reservation.Version && group.Waiting[0] == placement.Attempt) break;
                if (gang is not null) Assert.Fail($"{gang} was placed in part");
                SetAside(group, aside, placed, $"{group} came before {job}");
            }

            Place(group, reservation, placement, now, options.Policy);
            placed = true;
            gang = group.Demand.Gang && group.Waiting.Count > 0 ? group : null;
        }

        if (gang is not null) Assert.Fail($"{gang} was placed in part");
        while (Next(aside) is { } left) SetAside(left, aside, placed, $"{left} waits");
        foreach (var preemption in plan.Preemptions) Preempt(preemption, now, options);
        Assert.True(Groups.TrueForAll(g => g.Waiting.Count == 0 || g.Demand.Attempts.Length > 0));
        Groups.RemoveAll(g => g.Waiting.Count == 0);
    }

    /// <summary>A node that could take one more now; null when there is none, or a quota forbids it.</summary>
    public NaiveNode? Possible(NaiveGroup group)
    {
        var revocable = group.Demand.Tier == Tier.Revocable;
        foreach (var node in Nodes)
        {
            if (Why(group, node, out var split) is null && (revocable || Admits(group.Path, split.Free))) return node;
        }

        return null;
    }

    /// <summary>What one more on a node breaks: nothing may. Used for whole plans and for what was written about them.</summary>
    public void Check(NaiveGroup group, Placement placement)
    {
        var node = Node(placement.Node);
        if (Why(group, node, out var split) is { } reason) Assert.Fail($"{group} got {node.Id}, which it cannot use: {reason}");
        if (group.Demand.Tier != Tier.Revocable) Assert.True(Admits(group.Path, split.Free), $"{group} got {node.Id} against a quota");
        CheckItems(group, node, placement);
    }

    /// <summary>
    /// Goes on without a group, which must be for a reason. What placements of the same plan make possible the next plan may find: tasks
    /// to be near, values that are not the emptiest any more, guarantees that are used up.
    /// </summary>
    private void SetAside(NaiveGroup group, HashSet<NaiveGroup> aside, bool placed, string what)
    {
        if (placed && (HasQuotas || group.Demand.Constraints.Any(c => c is Constraint.Affinity or Constraint.Spread)))
        {
            aside.Add(group);
            return;
        }

        if (group.Demand.Gang)
        {
            if (CouldBePlacedWhole(group)) Assert.Fail($"{what} though it could be placed as a whole");
        }
        else if (Possible(group) is { } node)
        {
            Assert.Fail($"{what} though {node.Id} could take one");
        }

        aside.Add(group);
    }

    /// <summary>For gangs whose tasks do not depend on each other: then any order of filling nodes is as good as another.</summary>
    private bool CouldBePlacedWhole(NaiveGroup group)
    {
        if (group.Demand.Constraints.Any(c => c is not Constraint.Value) || Nodes.Any(n => n.Pools.Count > 0)) return false;
        var put = new List<NaiveTask>();
        while (put.Count < group.Waiting.Count && Possible(group) is { } node)
        {
            var devices = ImmutableArray<int>.Empty;
            var millis = group.Demand.Request.GpuMillis;
            if (millis > 0)
            {
                var free = Enumerable.Range(0, node.Devices)
                    .Where(d => millis < 1000 ? node.FreeOfDevice(d) >= millis : node.FreeOfDevice(d) == 1000);
                devices = [.. free.Take((int)Math.Max(1, millis / 1000))];
            }

            put.Add(Put(group, new Placement(group.Waiting[put.Count], node.Id, []) { Devices = devices }, default));
        }

        foreach (var task in put) Remove(task);
        return put.Count == group.Waiting.Count;
    }

    private void Place(NaiveGroup group, Reservation reservation, Placement placement, DateTimeOffset now, PlacementPolicy policy)
    {
        Assert.Equal((group.Demand.Request, group.Demand.Priority, group.Demand.Tier),
            (reservation.Request, reservation.Priority, reservation.Tier));
        Check(group, placement);
        var node = Node(placement.Node);
        var reserved = NaiveSplit.Of(node, group.Path, group.Demand).Pools;
        foreach (var other in Nodes)
        {
            if (other == node || Why(group, other, out var split) is not null) continue;
            if (group.Demand.Tier != Tier.Revocable && !Admits(group.Path, split.Free)) continue;
            if (!split.Pools.IsEmpty && reserved.IsEmpty)
                Assert.Fail($"{group} got {node.Id} though something is reserved for it on {other.Id}");
            if (split.Pools.Select(p => p.Role).SequenceEqual(reserved.Select(p => p.Role)) && IsBetter(other, node, policy))
                Assert.Fail($"{group} got {node.Id} though {other.Id} fits better");
        }

        Put(group, placement, now);
        group.Waiting.RemoveAt(0);
    }

    /// <summary>
    /// Whether a node is better whatever dimensions count for: it has less in every one (with <see cref="PlacementPolicy.Spread"/> more),
    /// or the same and comes first. To pack GPUs is another order.
    /// </summary>
    private bool IsBetter(NaiveNode other, NaiveNode node, PlacementPolicy policy)
    {
        if (policy == PlacementPolicy.Pack && Nodes.Exists(n => n.Devices > 0)) return false;
        var (a, b) = (other.Free(), node.Free());
        if (a == b) return Nodes.IndexOf(other) < Nodes.IndexOf(node);
        return policy == PlacementPolicy.Spread ? b.FitsInto(a) && a.CpuMillis > b.CpuMillis : a.FitsInto(b) && a.CpuMillis < b.CpuMillis;
    }

    private static void CheckItems(NaiveGroup group, NaiveNode node, Placement placement)
    {
        var (demand, what) = (group.Demand, $"{group} on {node.Id}");
        Assert.True(placement.Ports.Length == demand.Ports && placement.Ports.Distinct().Count() == demand.Ports, $"{what}: ports");
        foreach (var port in placement.Ports)
        {
            var first = node.Description.FirstPort;
            Assert.True(port >= first && port < first + node.Description.PortCount, $"{what}: port {port} is not the node's");
            Assert.False(node.Tasks.Exists(t => t.Ports.Contains(port)), $"{what}: port {port} has a holder");
        }

        var millis = demand.Request.GpuMillis;
        Assert.True(placement.Devices.Length == (millis == 0 ? 0 : Math.Max(1, millis / 1000)), $"{what}: number of GPUs");
        Assert.True(placement.Devices.Distinct().Count() == placement.Devices.Length, $"{what}: the same GPU twice");
        foreach (var device in placement.Devices)
            Assert.True(node.FreeOfDevice(device) >= Math.Min(1000, millis), $"{what}: GPU {device} is in use");

        Assert.True(placement.Items.Length == demand.Custom.Sets.Values.Sum(), $"{what}: number of items");
        foreach (var (name, count) in demand.Custom.Sets)
        {
            var items = placement.Items.Where(i => i.StartsWith(name + "=", StringComparison.Ordinal)).ToList();
            Assert.True(items.Count == count && items.Distinct().Count() == count, $"{what}: items of {name}");
            foreach (var item in items)
            {
                Assert.True(node.Description.Custom.Sets[name].Contains(item[(name.Length + 1)..]), $"{what}: {item} is not the node's");
                Assert.False(node.Tasks.Exists(t => t.Items.Contains(item)), $"{what}: {item} has a holder");
            }
        }
    }
}
