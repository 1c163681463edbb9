namespace OrleansScheduler.Core;

/// <summary>
/// Decides which attempt runs on which node. Pure: facts come in through <see cref="Apply"/>, decisions come out of <see cref="Plan"/>.
/// </summary>
/// <remarks>
/// Order: roles by weighted dominant-resource fairness within their quotas (<see cref="RoleTree"/>); within a role priority, then age.
/// What is blocked lets others pass; when it has waited long, tasks are stopped for it or a node is kept free for it. Placement: exact best
/// fit over all nodes (<see cref="NodeScan"/>, <see cref="ShapeIndex"/>).
/// A plan's reservations are counted at once; a caller that cannot make them durable must throw the ledger away.
/// </remarks>
public sealed partial class Ledger
{
    private readonly LedgerOptions _options;
    private readonly Dictionary<string, LedgerNode> _nodes = new(StringComparer.Ordinal);
    private readonly List<LedgerNode> _order = [];
    private readonly Dictionary<JobKey, LedgerJob> _jobs = [];
    private readonly HeldTable _held = new();
    private readonly NodeScorer _scorer;
    private readonly GpuMix? _mix;
    private readonly NodeTable _table;
    private readonly NodeTable _revocable;
    private readonly ShapeIndexes _indexes;
    private readonly ShapeIndexes _revocableIndexes;
    private readonly NodeMask _ready = new();
    private readonly NodeAttributes _attributes;
    private readonly RoleTree _roles = new();
    private readonly Dictionary<string, int> _rolesOfJobs = new(StringComparer.Ordinal);
    private readonly Dictionary<int, SortedSet<int>> _poolNodes = [];
    private readonly SortedSet<int> _promisedNodes = [];
    private readonly Stack<int> _freeNumbers = [];
    private Resources _capacity;

    /// <summary>Grows whenever something became free, so that blocked groups are worth another look.</summary>
    private long _supply;

    /// <summary>Grows whenever attempts were placed, so that there may be other victims.</summary>
    private long _placements;

    /// <summary>An empty ledger.</summary>
    /// <param name="options">What the cell decides; null for the defaults.</param>
    public Ledger(LedgerOptions? options = null)
    {
        _options = options ?? new LedgerOptions();
        _attributes = new NodeAttributes(_order, _nodes);
        _scorer = new NodeScorer(_options.Policy);
        _mix = _options.Policy == PlacementPolicy.Pack ? _scorer.Mix : null;
        _table = new NodeTable(_scorer);
        _revocable = new NodeTable(_scorer, revocable: true);
        _indexes = new ShapeIndexes(_table, _options.Width);
        _revocableIndexes = new ShapeIndexes(_revocable, _options.Width);
    }

    /// <summary>Attempts that hold something.</summary>
    public int Placed { get; private set; }

    /// <summary>Attempts that have been promised a node and wait for others to leave it.</summary>
    public int Promised { get; private set; }

    /// <summary>Roles with their quotas, weights and shares. To be read only: <see cref="LedgerEvent.RoleChanged"/> changes it.</summary>
    public RoleTree Roles => _roles;

    /// <summary>Whether something of a job waits.</summary>
    public bool IsWaiting(JobKey job) =>
        _jobs.TryGetValue(job, out var found) && (found.Groups.Exists(g => g.Waiting > 0) || HasPromises(found));

    /// <summary>Whether a job holds something or waits.</summary>
    public bool Knows(JobKey job) => _jobs.ContainsKey(job);

    /// <summary>How many nodes there are.</summary>
    public int NodeCount => _nodes.Count;

    /// <summary>Jobs that hold something or wait.</summary>
    public IEnumerable<JobKey> Jobs => _jobs.Keys;

    /// <summary>Takes a fact over. Facts may come twice; what is already so changes nothing.</summary>
    public void Apply(LedgerEvent e)
    {
        switch (e)
        {
            case LedgerEvent.NodeChanged change:
                Change(change);
                break;
            case LedgerEvent.NodeRemoved removed:
                Remove(removed.Node);
                break;
            case LedgerEvent.NodeReserved reserved:
                ReserveFor(reserved);
                break;
            case LedgerEvent.RoleChanged role:
                Change(role);
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
            case LedgerEvent.Preempted preempted:
                Promise(preempted.Preemption);
                break;
            case LedgerEvent.PromiseEnded ended:
                EndPromise(ended);
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
            var rows = job.Holding.Values.Where(h => !_held[h].IsPromise);
            var alike = rows.GroupBy(h => (_held[h].Node, _held[h].Spec, _held[h].Since, _held[h].Devices.Length, _held[h].Items.Length));
            foreach (var group in alike.OrderBy(g => g.Key.Node).ThenBy(g => g.Key.Spec.Version).ThenBy(g => g.Key.Since))
            {
                var attempts = group.Select(h => _held[h]).OrderBy(h => h.Attempt.Instance).ThenBy(h => h.Attempt.Number).ToList();
                yield return ReservationOf(job.Key, _order[group.Key.Node].Id, group.Key.Spec, group.Key.Since) with
                {
                    Attempts = [.. attempts.Select(a => a.Attempt)],
                    Ports = [.. attempts.SelectMany(a => a.Ports)],
                    Devices = [.. attempts.SelectMany(a => a.Devices)],
                    Items = [.. attempts.SelectMany(a => a.Items)],
                };
            }
        }
    }

    /// <summary>The last news of every node.</summary>
    public IEnumerable<LedgerEvent.NodeChanged> Nodes() =>
        Known().Select(n => new LedgerEvent.NodeChanged(n.Description, n.Generation, n.Reachable, n.Mode));

    /// <summary>Nodes as users see them, by id.</summary>
    public ImmutableArray<NodeView> DescribeNodes() =>
        [.. Known().OrderBy(n => n.Id, StringComparer.Ordinal).Select(n => n.Describe())];

    /// <summary>How many nodes there are of each status.</summary>
    public ImmutableSortedDictionary<string, int> CountNodes() =>
        Known().GroupBy(n => n.Status).ToImmutableSortedDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    /// <summary>One node as users see it; null when there is none of that id.</summary>
    public NodeView? DescribeNode(string node) => _nodes.GetValueOrDefault(node)?.Describe();

    /// <summary>The session of a node of which there was news last; 0 when there is none of that id.</summary>
    public long GenerationOf(string node) => _nodes.GetValueOrDefault(node)?.Generation ?? 0;

    /// <summary>What an attempt holds: its node and ports; null when it holds nothing.</summary>
    public Placement? Find(JobKey job, AttemptRef attempt)
    {
        if (_jobs.GetValueOrDefault(job) is not { } found || !found.Holding.TryGetValue(attempt, out var held)) return null;
        ref var row = ref _held[held];
        return row.IsPromise ? null : _order[row.Node].PlacementOf(row);
    }

    /// <summary>Attempts of a job that hold something.</summary>
    public ImmutableArray<AttemptRef> HeldBy(JobKey job) =>
        _jobs.TryGetValue(job, out var found) ? [.. found.Holding.Where(h => !_held[h.Value].IsPromise).Select(h => h.Key)] : [];

    /// <summary>Attempts that hold something of a node, by job.</summary>
    public IEnumerable<(JobKey Job, ImmutableArray<AttemptRef> Attempts)> HeldOn(string node)
    {
        if (!_nodes.TryGetValue(node, out var found)) return [];
        return RowsOn(found).Where(h => !_held[h].IsPromise).GroupBy(h => _held[h].Job.Key)
            .Select(g => (g.Key, g.Select(h => _held[h].Attempt).OrderBy(a => a.Instance).ToImmutableArray())).ToList();
    }

    internal IEnumerable<int> RowsOn(LedgerNode node)
    {
        for (var held = node.FirstHeld; held >= 0; held = _held[held].Next) yield return held;
    }

    internal static Reservation ReservationOf(JobKey job, string node, HeldSpec spec, DateTimeOffset since) =>
        new(job, node, spec.Request, [], [])
        {
            Custom = spec.Custom,
            Version = spec.Version,
            Priority = spec.Priority,
            Tier = spec.Tier,
            TimeLimit = spec.TimeLimit,
            Constraints = spec.Constraints,
            Since = since,
        };

    private IEnumerable<LedgerNode> Known() => _order.Where(n => _nodes.ContainsKey(n.Id) && _nodes[n.Id] == n);

    private void Reserve(Reservation reservation)
    {
        if (!_nodes.TryGetValue(reservation.Node, out var node))
            throw new InvariantException(
                $"{reservation.Job} holds something of the node {reservation.Node}, which the ledger does not know");
        var job = JobOf(reservation.Job);
        var ports = reservation.Attempts.Length == 0 ? 0 : reservation.Ports.Length / reservation.Attempts.Length;
        var spec = new HeldSpec(
            reservation.Request, ports, reservation.Custom, reservation.Version, reservation.Priority, reservation.Tier,
            reservation.TimeLimit, reservation.Constraints);
        for (var i = 0; i < reservation.Attempts.Length; i++)
        {
            var attempt = reservation.Attempts[i];
            if (job.Holding.TryGetValue(attempt, out var held))
            {
                if (!_held[held].IsPromise) continue;
                Drop(job, attempt);
            }

            var placement = reservation.PlacementOf(i);
            node.Custom.Take(spec.Custom, placement.Items);
            foreach (var port in placement.Ports) node.Ports.Take(port);
            node.Gpus.Take(placement.Devices, spec.EachDevice);
            Hold(job, node, attempt, spec, placement, node.Amounts.Force(_roles, job.Role, spec.Request, spec.IsRevocable),
                reservation.Since);
        }

        Refresh(node);
    }

    /// <summary>Counts what was already taken of the node.</summary>
    private int Hold(
        LedgerJob job, LedgerNode node, AttemptRef attempt, HeldSpec spec, Placement placement, in Taken taken, DateTimeOffset since,
        bool isPromise = false)
    {
        var held = _held.Add(node, new HeldAttempt(spec, taken, HeldItems.Of(placement), since)
        {
            Job = job,
            Attempt = attempt,
            Node = node.Index,
            IsPromise = isPromise,
        });
        job.Holding.Add(attempt, held);
        job.Count(node, 1);
        Charge(job.Role, spec, taken);
        CountRank(job, spec, 1);
        _placements++;
        if (isPromise)
        {
            node.PromisedPorts += spec.Ports;
            Promised++;
            _promisedNodes.Add(node.Index);
            return held;
        }

        node.Used += spec.Request;
        node.UsedFirmly += spec.Request - taken.Revocable;
        node.Tasks++;
        Placed++;
        return held;
    }

    /// <summary>Gives back what an attempt holds or was promised. The node's lanes are left to the caller.</summary>
    private LedgerNode Drop(LedgerJob job, AttemptRef attempt)
    {
        job.Holding.Remove(attempt, out var held);
        ref var row = ref _held[held];
        var (node, spec) = (_order[row.Node], row.Spec);
        node.Return(spec, row.Taken, row.Devices);
        Discharge(job.Role, spec, row.Taken);
        job.Count(node, -1);
        if (row.IsPromise)
        {
            node.PromisedPorts -= spec.Ports;
            node.Custom.EndPromise(spec.Custom);
            Promised--;
            ForgetVictims(node, row.Job.Key, attempt);
        }
        else
        {
            foreach (var port in row.Ports) node.Ports.Return(port);
            node.Custom.Return(spec.Custom, row.Items);
            node.Used -= spec.Request;
            node.UsedFirmly -= spec.Request - row.Taken.Revocable;
            if (!node.Used.IsNonNegative)
                throw new InvariantException($"node {node.Id} would have given out less than nothing: {node.Used}");
            node.Tasks--;
            Placed--;
        }

        CountRank(job, spec, -1);
        _held.Remove(node, held);
        return node;
    }

    private void Release(LedgerEvent.Released released)
    {
        if (!_jobs.TryGetValue(released.Job, out var job)) return;
        var touched = new HashSet<LedgerNode>();
        foreach (var attempt in released.Attempts)
        {
            if (job.Holding.ContainsKey(attempt)) touched.Add(Drop(job, attempt));
        }

        foreach (var node in touched)
        {
            AdjustPools(node);
            Refresh(node);
        }

        if (touched.Count > 0) _supply++;
        Forget(job);
    }

    /// <summary>Revocable capacity is extra: it counts neither as a share of the cell nor against quotas, only as a turn.</summary>
    private void Charge(int role, HeldSpec spec, in Taken taken)
    {
        if (spec.IsRevocable) _roles.Charge(role, Resources.None, Resources.None, 1);
        else _roles.Charge(role, spec.Request, taken.Unreserved, 1);
    }

    private void Discharge(int role, HeldSpec spec, in Taken taken)
    {
        if (spec.IsRevocable) _roles.Discharge(role, Resources.None, Resources.None, 1);
        else _roles.Discharge(role, spec.Request, taken.Unreserved, 1);
    }

    private LedgerJob JobOf(JobKey key)
    {
        if (_jobs.TryGetValue(key, out var job)) return job;
        if (!_rolesOfJobs.TryGetValue(key.Role, out var role))
            _rolesOfJobs[key.Role] = role = _roles.GetOrAdd(RolePath.OfJobRole(key.Role));
        return _jobs[key] = new LedgerJob(key, role);
    }

    private bool HasPromises(LedgerJob job)
    {
        if (Promised == 0) return false;
        foreach (var held in job.Holding.Values)
        {
            if (_held[held].IsPromise) return true;
        }

        return false;
    }

    private void Forget(LedgerJob job)
    {
        if (job.IsIdle) _jobs.Remove(job.Key);
    }
}
