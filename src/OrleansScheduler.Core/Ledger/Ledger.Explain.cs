namespace OrleansScheduler.Core;

/// <content>Explaining: the planner's own checks, told to people.</content>
public sealed partial class Ledger
{
    /// <summary>Why attempts of a job wait; null when the ledger knows nothing of it.</summary>
    public ExplainView? Explain(JobKey key)
    {
        if (!_jobs.TryGetValue(key, out var job)) return null;
        var groups = job.Groups.Where(g => g.Waiting.Count > 0).Select(g => Explain(g, job)).ToImmutableArray();
        return new ExplainView { Key = key, Groups = groups, Summary = Summarise(key, groups) };
    }

    private PendingGroup Explain(DemandGroup group, LedgerJob job)
    {
        var limits = new LimitCounter(group, job, _order);
        var counts = new Dictionary<(string Code, string? Subject), int>();
        (double Shortfall, NearestMiss Miss)? nearest = null;
        foreach (var node in _order)
        {
            if (Check(node, group, limits) is not { } reason) continue;
            counts[reason] = counts.GetValueOrDefault(reason) + 1;
            if (Miss(node, group, reason.Code) is { } miss && !(miss.Shortfall >= nearest?.Shortfall)) nearest = miss;
        }

        var ahead = _queue.Count(g => g != group && g.Waiting.Count > 0 && DemandGroup.Compare(g, group) < 0);
        return new PendingGroup
        {
            Version = group.Demand.Version,
            Waiting = group.Waiting.Count,
            Since = group.Demand.Since,
            Request = group.Demand.Request,
            Ports = group.Demand.Ports,
            Position = ahead + 1,
            Reasons = [.. counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key.Code, StringComparer.Ordinal)
                .ThenBy(c => c.Key.Subject, StringComparer.Ordinal)
                .Select(c => new ReasonCount(c.Key.Code, c.Value, Reasons.Describe(c.Key.Code, c.Key.Subject)))],
            Nearest = nearest?.Miss,
        };
    }

    /// <summary>
    /// By what share of the request a node is short in the first dimension that does not fit; null when it is not about resources.
    /// </summary>
    private static (double Shortfall, NearestMiss Miss)? Miss(LedgerNode node, DemandGroup group, string code)
    {
        var (need, have) = (group.Demand.Request, node.Free);
        return code switch
        {
            Reasons.InsufficientCpu => Of("cpu", need.CpuMillis, have.CpuMillis, Units.FormatMillis),
            Reasons.InsufficientMemory => Of("memory", need.MemoryMiB, have.MemoryMiB, Units.FormatMiB),
            Reasons.InsufficientDisk => Of("disk", need.DiskMiB, have.DiskMiB, Units.FormatMiB),
            Reasons.InsufficientGpus => Of("gpus", need.GpuMillis, have.GpuMillis, Units.FormatMillis),
            Reasons.InsufficientPorts => Of("ports", group.Demand.Ports, node.Ports.Free, n => $"{n}"),
            _ => null,
        };

        (double, NearestMiss) Of(string dimension, long needed, long free, Func<long, string> format) =>
            ((needed - free) / (double)needed, new NearestMiss(node.Id, dimension, format(needed), format(free)));
    }

    private string Summarise(JobKey key, ImmutableArray<PendingGroup> groups)
    {
        if (groups.IsEmpty) return $"Nothing of {key} waits for a node.";
        var waiting = groups.Sum(g => g.Waiting);
        if (_order.Count == 0) return $"{waiting} instances of {key} wait: the cell has no nodes yet.";
        var group = groups[0];
        if (group.Reasons.IsEmpty) return $"{waiting} instances of {key} wait for their turn; a node that fits is there.";
        var reasons = string.Join("; ", group.Reasons.Select(r => $"{r.Nodes} of {_order.Count} nodes: {r.Message}"));
        var nearest = group.Nearest is { } n ? $" Nearest is {n.Node}: {n.Dimension} needs {n.Need}, has {n.Have} free." : "";
        return $"{waiting} instances of {key} wait: {reasons}.{nearest}";
    }
}
