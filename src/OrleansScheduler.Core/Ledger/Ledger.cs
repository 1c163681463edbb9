namespace OrleansScheduler.Core;

/// <summary>
/// Decides which attempt runs on which node. Pure: facts come in through <see cref="Apply"/>, decisions come out of <see cref="Plan"/>.
/// </summary>
/// <remarks>
/// Order: priority, then age. Placement: best fit, the node that is left with least in proportion to the cell's average node.
/// All attempts of a group are equal, so one pass over the nodes serves the whole group.
/// A plan's reservations are counted at once; a caller that cannot make them durable must throw the ledger away.
/// </remarks>
public sealed partial class Ledger
{
    private readonly Dictionary<string, LedgerNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<LedgerNode> _order = [];
    private readonly Dictionary<JobKey, LedgerJob> _jobs = [];
    private readonly List<DemandGroup> _queue = [];
    private bool _queueIsSorted = true;

    /// <summary>Grows whenever something became free, so that blocked groups are worth another look.</summary>
    private long _supply;

    /// <summary>Attempts that hold something.</summary>
    public int Placed { get; private set; }

    /// <summary>Attempts that wait.</summary>
    public int Pending => _queue.Sum(g => g.Waiting.Count);

    /// <summary>Since when the oldest of those that wait does; null when none does.</summary>
    public DateTimeOffset? OldestWaiting => _queue.Count == 0 ? null : _queue.Min(g => g.Demand.Since);

    /// <summary>Whether something of a job waits.</summary>
    public bool IsWaiting(JobKey job) => _jobs.TryGetValue(job, out var found) && found.Groups.Exists(g => g.Waiting.Count > 0);

    /// <summary>Jobs that hold something or wait.</summary>
    public IEnumerable<JobKey> Jobs => _jobs.Keys;

    /// <summary>Whether a plan could place something: some group has not been looked at since something became free.</summary>
    public bool HasWork => _queue.Exists(g => g.Waiting.Count > 0 && g.BlockedAt < _supply);

    /// <summary>Takes a fact over. Facts may come twice; what is already so changes nothing.</summary>
    public void Apply(LedgerEvent e)
    {
        switch (e)
        {
            case LedgerEvent.NodeChanged change:
                Change(change);
                break;
            case LedgerEvent.Demanded demanded:
                Demand(demanded);
                break;
            case LedgerEvent.Reserved reserved:
                Reserve(reserved.Reservation);
                break;
            case LedgerEvent.Released released:
                Release(released);
                break;
            default:
                throw new InvariantException($"the ledger does not know the event {e.GetType().Name}");
        }
    }

    /// <summary>Every reservation, grouped as they are journalled, in a stable order.</summary>
    public IEnumerable<Reservation> Reservations()
    {
        foreach (var job in _jobs.Values.OrderBy(j => j.Key))
        {
            foreach (var group in job.Holding.GroupBy(h => (h.Value.Node, h.Value.Request, h.Value.Ports.Length)).OrderBy(g => g.Key.Node))
            {
                var attempts = group.OrderBy(h => h.Key.Instance).ThenBy(h => h.Key.Number).ToList();
                yield return new Reservation(job.Key, _order[group.Key.Node].Id, group.Key.Request,
                    [.. attempts.Select(a => a.Key)], [.. attempts.SelectMany(a => a.Value.Ports)]);
            }
        }
    }

    /// <summary>The last news of every node.</summary>
    public IEnumerable<LedgerEvent.NodeChanged> Nodes() =>
        _order.Select(n => new LedgerEvent.NodeChanged(n.Description, n.Generation, n.Reachable, n.Mode));

    /// <summary>Nodes as users see them, by id.</summary>
    public ImmutableArray<NodeView> DescribeNodes() => [.. _order.OrderBy(n => n.Id, StringComparer.Ordinal).Select(n => n.Describe())];

    /// <summary>What an attempt holds: its node and ports; null when it holds nothing.</summary>
    public Placement? Find(JobKey job, AttemptRef attempt) =>
        _jobs.GetValueOrDefault(job)?.Holding.GetValueOrDefault(attempt) is { } held
            ? new Placement(attempt, _order[held.Node].Id, held.Ports)
            : null;

    /// <summary>Attempts of a job that hold something.</summary>
    public ImmutableArray<AttemptRef> HeldBy(JobKey job) => _jobs.TryGetValue(job, out var found) ? [.. found.Holding.Keys] : [];

    /// <summary>Attempts that hold something of a node, by job.</summary>
    public IEnumerable<(JobKey Job, ImmutableArray<AttemptRef> Attempts)> HeldOn(string node)
    {
        if (!_nodes.TryGetValue(node, out var found)) yield break;
        foreach (var job in _jobs.Values.Where(j => j.CountByNode.ContainsKey(found.Index)))
            yield return (job.Key, [.. job.Holding.Where(h => h.Value.Node == found.Index).Select(h => h.Key)]);
    }

    private void Change(LedgerEvent.NodeChanged change)
    {
        if (!_nodes.TryGetValue(change.Description.Id, out var node))
        {
            node = new LedgerNode(change.Description.Id, _order.Count);
            _nodes[node.Id] = node;
            _order.Add(node);
        }

        var portsInUse = _jobs.Values.SelectMany(j => j.Holding.Values).Where(h => h.Node == node.Index).SelectMany(h => h.Ports);
        if (node.Change(change, portsInUse)) _supply++;
    }

    private void Demand(LedgerEvent.Demanded demanded)
    {
        var job = JobOf(demanded.Job);
        foreach (var group in job.Groups) _queue.Remove(group);
        var before = job.Groups.ToDictionary(g => g.Demand.Version, g => g.BlockedAt);
        job.Groups.Clear();
        foreach (var demand in demanded.Demands)
        {
            var waiting = demand.Attempts.Where(a => !job.Holding.ContainsKey(a)).ToList();
            if (waiting.Count == 0) continue;
            var group = new DemandGroup(demanded.Job, demand) { Waiting = new(waiting) };
            group.BlockedAt = before.GetValueOrDefault(demand.Version, -1);
            if (group.HasLimits) group.BlockedAt = -1;
            job.Groups.Add(group);
            _queue.Add(group);
            _queueIsSorted = false;
        }

        Forget(job);
    }

    private void Reserve(Reservation reservation)
    {
        if (!_nodes.TryGetValue(reservation.Node, out var node))
            throw new InvariantException(
                $"{reservation.Job} holds something of the node {reservation.Node}, which the ledger does not know");
        var job = JobOf(reservation.Job);
        for (var i = 0; i < reservation.Attempts.Length; i++)
        {
            if (job.Holding.ContainsKey(reservation.Attempts[i])) continue;
            Hold(job, node, reservation.Attempts[i], reservation.Request, reservation.PortsOf(i));
            foreach (var port in reservation.PortsOf(i)) node.Ports.Take(port);
        }
    }

    private void Hold(LedgerJob job, LedgerNode node, AttemptRef attempt, Resources request, ImmutableArray<int> ports)
    {
        job.Holding.Add(attempt, new(node.Index, request, ports));
        job.CountByNode[node.Index] = job.CountByNode.GetValueOrDefault(node.Index) + 1;
        node.Used += request;
        node.Tasks++;
        Placed++;
    }

    private void Release(LedgerEvent.Released released)
    {
        if (!_jobs.TryGetValue(released.Job, out var job)) return;
        foreach (var attempt in released.Attempts)
        {
            if (!job.Holding.Remove(attempt, out var held)) continue;
            var node = _order[held.Node];
            node.Used -= held.Request;
            if (!node.Used.IsNonNegative)
                throw new InvariantException($"node {node.Id} would have given out less than nothing: {node.Used}");
            node.Tasks--;
            foreach (var port in held.Ports) node.Ports.Return(port);
            if (--job.CountByNode[held.Node] == 0) job.CountByNode.Remove(held.Node);
            Placed--;
            _supply++;
        }

        Forget(job);
    }

    private LedgerJob JobOf(JobKey key)
    {
        if (!_jobs.TryGetValue(key, out var job)) _jobs[key] = job = new LedgerJob(key);
        return job;
    }

    private void Forget(LedgerJob job)
    {
        if (job.IsIdle) _jobs.Remove(job.Key);
    }
}
