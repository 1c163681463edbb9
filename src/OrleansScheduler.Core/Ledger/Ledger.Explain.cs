namespace OrleansScheduler.Core;

/// <content>Explaining: the planner's own checks, told to people.</content>
public sealed partial class Ledger
{
    /// <summary>Why attempts of a job wait; null when the ledger knows nothing of it.</summary>
    /// <param name="key">The job.</param>
    /// <param name="now">The time, for estimates and for what preemption would cost.</param>
    public ExplainView? Explain(JobKey key, DateTimeOffset now)
    {
        if (!_jobs.TryGetValue(key, out var job)) return null;
        var groups = job.Groups.Where(g => g.Waiting > 0).Select(g => Explain(g, now)).Concat(Promises(job)).ToImmutableArray();
        return new ExplainView { Key = key, Groups = groups, Summary = Summarise(key, groups) };
    }

    /// <summary>Where a role stands among all others.</summary>
    public RoleStanding Standing(int role)
    {
        var position = 0;
        if (_roles.IsActive(role))
        {
            position = 1;
            foreach (var other in _demand.Keys)
            {
                if (other == role || !_roles.IsActive(other)) continue;
                var order = _roles.ShareOf(other).CompareTo(_roles.ShareOf(role));
                if (order == 0) order = string.CompareOrdinal(_roles.PathOf(other), _roles.PathOf(role));
                if (order < 0) position++;
            }
        }

        return new(_roles.PathOf(role), _roles.ShareOf(role), _roles.WeightOf(role), _roles.AllocatedTo(role), _roles.ConsumedBy(role),
            _roles.QuotaOf(role), position);
    }

    /// <summary>
    /// Attempts that wait by the reason for which their queue was set aside; those that have not been looked at yet under "".
    /// </summary>
    public ImmutableSortedDictionary<string, int> PendingByReason()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var queue in _demand.Values.SelectMany(d => d.Queues.Values))
        {
            var code = queue.Blocked?.Code ?? "";
            counts[code] = counts.GetValueOrDefault(code) + queue.Groups.Sum(g => g.Waiting);
        }

        return counts.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    private PendingGroup Explain(DemandGroup group, DateTimeOffset now)
    {
        var counts = new Dictionary<(string Code, string? Subject), int>();
        (double Shortfall, NearestMiss Miss)? nearest = null;
        DateTimeOffset? start = null;
        var fits = false;
        FillMoving(group);
        var emptiest = EmptiestValues(group);
        foreach (var node in Known())
        {
            if (Check(node, group, emptiest) is not { } reason)
            {
                fits = true;
                continue;
            }

            counts[reason] = counts.GetValueOrDefault(reason) + 1;
            if (Miss(node, group, reason) is not { } miss) continue;
            if (!(miss.Shortfall >= nearest?.Shortfall)) nearest = miss;
            if (FitsAt(node, group, now) is { } at && !(at >= start)) start = at;
        }

        return new PendingGroup
        {
            Version = group.Demand.Version,
            Waiting = group.Waiting,
            Since = group.Demand.Since,
            Request = group.Demand.Request,
            Ports = group.Demand.Ports,
            Position = PositionOf(group),
            Reasons = [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key.Code, StringComparer.Ordinal)
                .ThenBy(c => c.Key.Subject, StringComparer.Ordinal)
                .Select(c => new ReasonCount(c.Key.Code, c.Value, Reasons.Describe(c.Key.Code, c.Key.Subject)))],
            Nearest = fits ? null : nearest?.Miss,
            Held = HeldBack(group),
            Role = Standing(group.Job.Role),
            Preemption = fits || group.Demand.Gang || group.Class.Shape is null ? null : Propose(group, now),
            EstimatedStart = fits ? null : start,
        };
    }

    /// <summary>What stops the group though single nodes may fit.</summary>
    private ReasonCount? HeldBack(DemandGroup group)
    {
        var admission = group.Class.Key.Revocable ? default : _roles.Admit(group.Job.Role, group.Spec.Request);
        var reason = !admission.IsAllowed ? Blocked(admission)
            : group.Queue is { IsGang: true, Blocked: { } gang } && (gang.Code == Reasons.GangIncomplete || Reasons.IsQuota(gang.Code))
                ? gang
            : ((string Code, string? Subject)?)null;
        return reason is { } held ? new ReasonCount(held.Code, 0, Reasons.Describe(held.Code, held.Subject)) : null;
    }

    private PreemptionProposal? Propose(DemandGroup group, DateTimeOffset now) =>
        CheapestVictims(group, now) is { } choice
            ? new(choice.Node.Id, [.. Ids([.. choice.Victims, .. choice.Going])], choice.LostCpuSeconds)
            : null;

    private IEnumerable<PendingGroup> Promises(LedgerJob job)
    {
        foreach (var preemption in _preemptions.Values.Where(p => p.Job == job.Key))
        {
            yield return new PendingGroup
            {
                Version = preemption.Demand.Version,
                Waiting = 1,
                Since = preemption.Demand.Since,
                Request = preemption.Demand.Request,
                Ports = preemption.Demand.Ports,
                Held = new(Reasons.Preempting, 1, Reasons.Describe(Reasons.Preempting, preemption.Node)),
                Role = Standing(job.Role),
                Preemption = new(preemption.Node, preemption.Victims, 0),
            };
        }
    }

    private int PositionOf(DemandGroup group)
    {
        var ahead = 0;
        foreach (var queue in _demand[group.Job.Role].Queues.Values)
            ahead += queue.Groups.Count(g => g != group && DemandGroup.Compare(g, group) < 0);
        return ahead + 1;
    }

    private Dictionary<string, int> EmptiestValues(DemandGroup group) => group.Class.Constraints.Moving.OfType<Constraint.Spread>()
        .Select(s => s.Attribute).Distinct().ToDictionary(a => a, a => Emptiest(group, a), StringComparer.Ordinal);

    /// <summary>
    /// The first reason why a node cannot take an attempt of the group, and for constraints the attribute; null when it can. The group's
    /// moving constraints have been filled in.
    /// </summary>
    private (string Code, string? Subject)? Check(LedgerNode node, DemandGroup group, Dictionary<string, int> emptiest)
    {
        if (!node.Reachable) return (Reasons.NodeUnreachable, null);
        if (node.Description.DiskPressure) return (Reasons.NodeDiskPressure, null);
        if (!node.IsReachableAndOpen) return (Reasons.NodeDraining, null);
        if (node.IsOvercommitted) return (Reasons.NodeOvercommitted, null);
        if (group.Class.Constraints.Broken(node.Description) is { } broken) return broken;
        if (!_moving[node.Index] && Unmet(group, node, emptiest) is { } unmet) return unmet;
        if (node.Hold is { } hold && hold.Group != group) return (Reasons.NodeHeld, null);
        var (free, request) = (Available(node, group), group.Demand.Request);
        if (request.CpuMillis > free.CpuMillis) return (Reasons.InsufficientCpu, null);
        if (request.MemoryMiB > free.MemoryMiB) return (Reasons.InsufficientMemory, null);
        if (request.DiskMiB > free.DiskMiB) return (Reasons.InsufficientDisk, null);
        if (request.GpuMillis > 0
            && (request.GpuMillis > free.GpuMillis || group.Class.Shape is not { } shape || node.Gpus.Choose(shape).IsDefault))
            return (Reasons.InsufficientGpus, null);
        if (group.Demand.Ports > node.SparePorts) return (Reasons.InsufficientPorts, null);
        return node.Custom.Missing(group.Demand.Custom) is { } missing ? (Reasons.InsufficientCustom, missing) : null;
    }

    /// <summary>What a node has for one of a group: what is free for all, and what is reserved for its role.</summary>
    private Resources Available(LedgerNode node, DemandGroup group)
    {
        var (free, spare) = (node.Amounts.Free, node.Amounts.RevocableFree);
        if (group.Class.Key.Revocable)
        {
            var memory = node.Amounts.RevocableCapacity.MemoryMiB > 0 ? spare.MemoryMiB : free.MemoryMiB;
            return free with { CpuMillis = spare.CpuMillis, MemoryMiB = memory };
        }

        foreach (var pool in node.Amounts.Pools)
        {
            if (_roles.IsSelfOrDescendant(group.Job.Role, pool.Role)) free += pool.Free;
        }

        return free;
    }

    /// <summary>
    /// By what share of the request a node is short in the first dimension that does not fit; null when it is not about resources.
    /// </summary>
    private (double Shortfall, NearestMiss Miss)? Miss(LedgerNode node, DemandGroup group, (string Code, string? Subject) reason)
    {
        var (need, have) = (group.Demand.Request, Available(node, group));
        return reason.Code switch
        {
            Reasons.InsufficientCpu => Of("cpu", need.CpuMillis, have.CpuMillis, Units.FormatMillis),
            Reasons.InsufficientMemory => Of("memory", need.MemoryMiB, have.MemoryMiB, Units.FormatMiB),
            Reasons.InsufficientDisk => Of("disk", need.DiskMiB, have.DiskMiB, Units.FormatMiB),
            Reasons.InsufficientGpus => Of("gpus", need.GpuMillis, OnDevices(node, need.GpuMillis), Units.FormatMillis),
            Reasons.InsufficientPorts => Of("ports", group.Demand.Ports, node.FreePorts, n => $"{n}"),
            Reasons.InsufficientCustom when group.Demand.Custom.Scalars.TryGetValue(reason.Subject!, out var amount) =>
                Of(reason.Subject!, amount, node.Custom.FreeOf(reason.Subject!), Units.FormatMillis),
            Reasons.InsufficientCustom when group.Demand.Custom.Sets.TryGetValue(reason.Subject!, out var count) =>
                Of(reason.Subject!, count, node.Custom.FreeOf(reason.Subject!), n => $"{n}"),
            _ => null,
        };

        (double, NearestMiss) Of(string dimension, long needed, long free, Func<long, string> format) =>
            ((needed - free) / (double)Math.Max(needed, 1), new NearestMiss(node.Id, dimension, format(needed), format(Math.Max(free, 0))));

        // What counts of a node's GPUs: the best one for a share, the unused ones otherwise.
        static long OnDevices(LedgerNode node, long request) =>
            request < Shape.Device ? node.Gpus.LargestShare : (long)node.Gpus.Whole * Shape.Device;
    }

    private string? DriverOf(JobKey key) => _jobs[key].Groups.SelectMany(g => g.Class.Constraints.Values)
        .FirstOrDefault(v => v.Attribute == TaskDrivers.Attribute)?.Values[0];

    private string Summarise(JobKey key, ImmutableArray<PendingGroup> groups)
    {
        if (groups.IsEmpty) return $"Nothing of {key} waits for a node.";
        var waiting = groups.Sum(g => g.Waiting);
        var instances = waiting == 1 ? "1 instance" : $"{waiting} instances";
        if (_nodes.Count == 0) return $"{instances} of {key} wait: the cell has no nodes yet.";
        var group = groups[0];
        if (group.Held is { } held) return $"{instances} of {key} wait: {held.Message}.";
        if (group.Reasons.Sum(r => r.Nodes) < _nodes.Count) return $"{instances} of {key} wait for their turn; a node that fits is there.";
        if (group.Reasons is [{ Code: Reasons.DriverNotOffered }] && DriverOf(key) is { } driver)
            return $"{instances} of {key} wait: no node offers the {driver} driver.";
        var reasons = string.Join("; ", group.Reasons.Select(r => $"{r.Nodes} of {_nodes.Count} nodes: {r.Message}"));
        var nearest = group.Nearest is { } n ? $" Nearest is {n.Node}: {n.Dimension} needs {n.Need}, has {n.Have} free." : "";
        return $"{instances} of {key} wait: {reasons}.{nearest}";
    }
}
