namespace OrleansScheduler.Core;

/// <content>Planning: who goes where.</content>
public sealed partial class Ledger
{
    /// <summary>Places what waits and fits, in order.</summary>
    /// <param name="now">The time of the round.</param>
    /// <param name="maxPlacements">Most attempts to place, so that a round stays short.</param>
    public LedgerPlan Plan(DateTimeOffset now, int maxPlacements = int.MaxValue)
    {
        if (!_queueIsSorted)
        {
            _queue.Sort(DemandGroup.Compare);
            _queueIsSorted = true;
        }

        var reservations = ImmutableArray.CreateBuilder<Reservation>();
        var left = maxPlacements;
        var blocked = 0;
        var hasMore = false;
        foreach (var group in _queue)
        {
            if (group.Waiting.Count == 0) continue;
            if (group.BlockedAt < _supply)
            {
                if (left <= 0)
                {
                    hasMore = true;
                    break;
                }

                left -= PlaceGroup(group, left, reservations);
            }

            if (group.BlockedAt >= _supply) blocked++;
            else if (group.Waiting.Count > 0) hasMore = true;
        }

        _queue.RemoveAll(g => g.Waiting.Count == 0);
        foreach (var reservation in reservations) JobOf(reservation.Job).Groups.RemoveAll(g => g.Waiting.Count == 0);
        var longestWait = OldestWaiting is { } since ? now - since : TimeSpan.Zero;
        return new LedgerPlan(reservations.ToImmutable(), blocked, hasMore, longestWait);
    }

    private int PlaceGroup(DemandGroup group, int most, ImmutableArray<Reservation>.Builder reservations)
    {
        var job = JobOf(group.Job);
        var limits = new LimitCounter(group, job, _order);
        var placed = 0;
        foreach (var (_, node) in Candidates(group))
        {
            var attempts = ImmutableArray.CreateBuilder<AttemptRef>();
            var ports = ImmutableArray.CreateBuilder<int>();
            while (group.Waiting.Count > 0 && placed < most && Check(node, group, limits) is null)
            {
                var attempt = group.Waiting.Dequeue();
                var from = ports.Count;
                if (!node.Ports.TryTake(group.Demand.Ports, ports))
                    throw new InvariantException($"node {node.Id} has fewer free ports than it counts");
                Hold(job, node, attempt, group.Demand.Request, [.. ports.Skip(from)]);
                limits.Add(node);
                attempts.Add(attempt);
                placed++;
            }

            if (attempts.Count > 0)
                reservations.Add(new Reservation(group.Job, node.Id, group.Demand.Request, attempts.ToImmutable(), ports.ToImmutable()));
            if (group.Waiting.Count == 0 || placed >= most) return placed;
        }

        group.BlockedAt = _supply;
        return placed;
    }

    /// <summary>
    /// Nodes that can take one attempt at least, best fit first. A node only gets better for its group as it fills, so this order stays
    /// right while the group is placed.
    /// </summary>
    private List<(double Score, LedgerNode Node)> Candidates(DemandGroup group)
    {
        var weights = Weights();
        var candidates = new List<(double Score, LedgerNode Node)>();
        var limits = new LimitCounter(group, JobOf(group.Job), _order);
        foreach (var node in _order)
        {
            if (Check(node, group, limits) is null) candidates.Add((Score(node.Free, weights), node));
        }

        candidates.Sort(static (a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : a.Node.Index.CompareTo(b.Node.Index));
        return candidates;
    }

    /// <summary>
    /// What is free, each dimension in units of the average node. The request is the same for all candidates, so what is free now orders
    /// them as what will be left.
    /// </summary>
    private static double Score(in Resources free, in (double Cpu, double Memory, double Disk, double Gpu) weights) =>
        (free.CpuMillis * weights.Cpu) + (free.MemoryMiB * weights.Memory) + (free.DiskMiB * weights.Disk) + (free.GpuMillis * weights.Gpu);

    private (double Cpu, double Memory, double Disk, double Gpu) Weights()
    {
        double cpu = 0, memory = 0, disk = 0, gpu = 0;
        foreach (var node in _order)
        {
            cpu += node.Description.Capacity.CpuMillis;
            memory += node.Description.Capacity.MemoryMiB;
            disk += node.Description.Capacity.DiskMiB;
            gpu += node.Description.Capacity.GpuMillis;
        }

        return (Inverse(cpu), Inverse(memory), Inverse(disk), Inverse(gpu));

        double Inverse(double sum) => sum == 0 ? 0 : _order.Count / sum;
    }

    /// <summary>
    /// The first reason why a node cannot take an attempt of the group, and for constraints the attribute; null when it can.
    /// </summary>
    private static (string Code, string? Subject)? Check(LedgerNode node, DemandGroup group, LimitCounter limits)
    {
        if (!node.Reachable) return (Reasons.NodeUnreachable, null);
        if (node.Mode != MaintenanceMode.None) return (Reasons.NodeDraining, null);
        foreach (var constraint in group.Demand.Constraints)
        {
            if (constraint is Constraint.Value value && !Satisfies(node, value)) return (Reasons.ConstraintNotSatisfied, value.Attribute);
            if (constraint is Constraint.Limit limit && !node.Description.Attributes.ContainsKey(limit.Attribute))
                return (Reasons.ConstraintNotSatisfied, limit.Attribute);
        }

        if (limits.Exceeded(node) is { } exceeded) return (Reasons.LimitNotSatisfied, exceeded);
        var (free, request) = (node.Free, group.Demand.Request);
        if (request.CpuMillis > free.CpuMillis) return (Reasons.InsufficientCpu, null);
        if (request.MemoryMiB > free.MemoryMiB) return (Reasons.InsufficientMemory, null);
        if (request.DiskMiB > free.DiskMiB) return (Reasons.InsufficientDisk, null);
        if (request.GpuMillis > free.GpuMillis) return (Reasons.InsufficientGpus, null);
        return group.Demand.Ports > node.Ports.Free ? (Reasons.InsufficientPorts, null) : null;
    }

    private static bool Satisfies(LedgerNode node, Constraint.Value constraint)
    {
        var values = node.Description.Attributes.GetValueOrDefault(constraint.Attribute, []);
        var any = false;
        foreach (var value in constraint.Values) any |= values.Contains(value);
        return any != constraint.Negated;
    }

    /// <summary>Counts a job's attempts per value of the attributes that its limit constraints name.</summary>
    private sealed class LimitCounter
    {
        private readonly List<(Constraint.Limit Limit, Dictionary<string, int> Counts)> _limits = [];

        public LimitCounter(DemandGroup group, LedgerJob job, List<LedgerNode> nodes)
        {
            if (!group.HasLimits) return;
            foreach (var limit in group.Demand.Constraints.OfType<Constraint.Limit>()) _limits.Add((limit, new(StringComparer.Ordinal)));
            foreach (var (node, count) in job.CountByNode) Add(nodes[node], count);
        }

        public void Add(LedgerNode node, int count = 1)
        {
            foreach (var (limit, counts) in _limits)
            {
                foreach (var value in node.Description.Attributes.GetValueOrDefault(limit.Attribute, []))
                    counts[value] = counts.GetValueOrDefault(value) + count;
            }
        }

        public string? Exceeded(LedgerNode node)
        {
            foreach (var (limit, counts) in _limits)
            {
                foreach (var value in node.Description.Attributes.GetValueOrDefault(limit.Attribute, []))
                {
                    if (counts.GetValueOrDefault(value) >= limit.Count) return limit.Attribute;
                }
            }

            return null;
        }
    }
}
