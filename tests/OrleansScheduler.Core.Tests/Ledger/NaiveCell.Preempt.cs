namespace OrleansScheduler.Core.Tests;

/// <content>Preemption by trying everything, and promises.</content>
internal sealed partial class NaiveCell
{
    /// <summary>The cheapest victims: how many, what work is lost, where; null when nobody may be stopped to any use.</summary>
    public (int Count, double Lost, NaiveNode Node)? Cheapest(NaiveGroup group, DateTimeOffset now)
    {
        (int Count, double Lost, NaiveNode Node)? best = null;
        foreach (var node in Nodes)
        {
            if (!node.IsOpen || node.IsOvercommitted || Facts(group, node) is not null || Moving(group, node) is not null) continue;
            var may = node.Tasks.Where(t => MayPreempt(group, t)).ToArray();

            // Nobody else need go where enough is becoming free anyway.
            for (var set = node.Tasks.Exists(IsDoomed) ? 0 : 1; set < 1 << may.Length; set++)
            {
                var size = int.PopCount(set);
                if (size > best?.Count) continue;
                var victims = may.Where((_, i) => (set >> i & 1) != 0).ToList();
                var lost = victims.Sum(v => LostBy(v, now));
                if ((size < best?.Count || !(lost >= best?.Lost)) && FitsWithout(group, node, victims)) best = (size, lost, node);
            }
        }

        return best;
    }

    /// <summary>Aurora's rule.</summary>
    public bool MayPreempt(NaiveGroup group, NaiveTask task)
    {
        if (task.IsPromise || task.Job == group.Job || IsDoomed(task)) return false;
        var (waits, runs) = (group.Demand.Tier == Tier.Preferred, task.Demand.Tier == Tier.Preferred);
        if (waits && !runs) return true;
        return waits == runs && task.Job.Role == group.Job.Role && group.Demand.Priority > task.Demand.Priority;
    }

    public bool IsDoomed(NaiveTask task) => task.Node.Tasks.Exists(t => t.WaitsFor?.Contains(task.Id) == true);

    /// <summary>
    /// Groups for which room should be made now: they have waited, no quota stops them, and somebody can be stopped for them.
    /// </summary>
    public IEnumerable<NaiveGroup> Stuck(DateTimeOffset now, LedgerOptions options)
    {
        foreach (var group in Groups)
        {
            if (group.Waiting.Count == 0 || group.Demand.Gang || now - group.Demand.Since < options.PreemptAfter) continue;
            if (group.Demand.Tier != Tier.Revocable && !Admits(group.Path, group.Demand.Request)) continue;
            if (Cheapest(group, now) is not null) yield return group;
        }
    }

    private static double LostBy(NaiveTask task, DateTimeOffset now) =>
        (now - task.Placed).TotalSeconds * task.Demand.Request.CpuMillis / 1000;

    private bool FitsWithout(NaiveGroup group, NaiveNode node, List<NaiveTask> gone)
    {
        gone = [.. gone, .. node.Tasks.Where(t => IsDoomed(t) && !gone.Contains(t))];
        foreach (var task in gone) node.Tasks.Remove(task);
        var demand = group.Demand;
        var fits = TrySplit(node, group.Path, demand, out _)
            && (demand.Request.GpuMillis == 0 || HasDevices(node, demand.Request.GpuMillis))
            && (demand.Ports == 0 || node.FreePorts() >= demand.Ports)
            && demand.Custom.Scalars.All(c => node.FreeScalar(c.Key) >= c.Value)
            && demand.Custom.Sets.All(c => node.FreeItems(c.Key) >= c.Value);
        node.Tasks.AddRange(gone);
        return fits;
    }

    private void Preempt(Preemption preemption, DateTimeOffset now, LedgerOptions options)
    {
        var group = Groups.Find(g => g.Job == preemption.Job && g.Waiting.Contains(preemption.Attempt));
        if (group is null) Assert.Fail($"{preemption.Job} was promised {preemption.Node} though it does not wait");
        Assert.True(now - group.Demand.Since >= options.PreemptAfter, $"{group} has not waited long enough");
        Assert.NotEmpty(preemption.Victims);
        var node = Node(preemption.Node);
        var victims = preemption.Victims.Select(v => node.Tasks.Find(t => t.Id == v)!).ToList();
        var chosen = victims.Where(v => v is null || !IsDoomed(v)).ToList();
        foreach (var victim in chosen) Assert.True(victim is not null && MayPreempt(group, victim), $"{group} may not stop {victim?.Id}");
        Assert.True(FitsWithout(group, node, chosen), $"{group} does not fit on {node.Id} without its victims");
        var (count, lost, where) = Cheapest(group, now)!.Value;
        var cost = (chosen.Count, chosen.Sum(v => LostBy(v, now)));
        Assert.True(cost == (count, lost), $"{group} stops {cost} on {node.Id}; on {where.Id} it would be {(count, lost)}");
        Promise(preemption);
        group.Waiting.Remove(preemption.Attempt);
    }

    /// <summary>Counts a promise.</summary>
    public void Promise(Preemption preemption)
    {
        var group = new NaiveGroup(preemption.Job, preemption.Demand);
        var placement = new Placement(preemption.Attempt, preemption.Node, []) { Devices = preemption.Devices };
        var victims = preemption.Victims.Where(v => Find(v.Job, new(v.Instance, v.Number)) is { IsPromise: false });
        Put(group, placement, preemption.Since).WaitsFor = [.. victims];
    }

    /// <summary>
    /// Takes over what a plan says about promises made before: kept when the victims are gone, broken when it is too late.
    /// </summary>
    private void Keep(LedgerPlan plan, DateTimeOffset now, LedgerOptions options)
    {
        var promises = Tasks.Where(t => t.IsPromise).OrderBy(t => t.Id).ToList();
        foreach (var promise in promises)
        {
            // One that was broken waits again, and may even get the same node at once.
            var isBroken = plan.Broken.Any(b => b.Job == promise.Job && b.Attempt == promise.Attempt);
            var isKept = !isBroken
                && plan.Placements().Any(p => p.Job == promise.Job && p.Placement.Attempt == promise.Attempt
                    && p.Placement.Node == promise.Node.Id);
            var late = now - promise.Since >= options.PromiseFor || !promise.Node.IsOpen;
            Assert.True((isKept, isBroken) == (!late && promise.WaitsFor!.Count == 0, late),
                $"the promise of {promise.Node.Id} to {promise.Id} is {(isKept ? "kept" : isBroken ? "broken" : "open")}");
            if (isBroken) Break(promise);
        }

        foreach (var (job, reservation, placement) in plan.Placements())
        {
            if (promises.Find(p => p.Job == job && p.Attempt == placement.Attempt && p.IsPromise) is not { } promise) continue;
            if (!promise.Node.Tasks.Contains(promise)) continue;
            var node = promise.Node;

            // Beside what runs there: other promises wait for others to go.
            var waiting = node.Tasks.Where(t => t.IsPromise).ToList();
            node.Tasks.RemoveAll(t => t.IsPromise);
            CheckItems(new NaiveGroup(job, promise.Demand), node, placement);
            node.Tasks.AddRange(waiting);
            (promise.WaitsFor, promise.Ports, promise.Devices, promise.Items) = (null, placement.Ports, placement.Devices, placement.Items);
            promise.Placed = now;
            Assert.Equal(promise.Demand.Request, reservation.Request);
        }
    }

    private void Break(NaiveTask promise)
    {
        promise.Node.Tasks.Remove(promise);
        var group = Groups.Find(g => g.Job == promise.Job && g.Demand.Version == promise.Demand.Version);
        if (group is null) Groups.Add(new NaiveGroup(promise.Job, promise.Demand with { Attempts = [promise.Attempt] }));
        else group.Waiting.Add(promise.Attempt);
    }
}
