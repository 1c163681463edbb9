namespace OrleansScheduler.Core;

/// <content>What waits: groups in queues by role and class, so that one look that finds nothing answers for all that are alike.</content>
public sealed partial class Ledger
{
    private const int MaxIdleClasses = 4096;

    private readonly Dictionary<int, RoleDemand> _demand = [];
    private readonly Dictionary<DemandClassKey, DemandClass> _classes = [];
    private readonly ConstraintSets _constraints = new();
    private readonly SortedDictionary<DateTimeOffset, int> _waitingSince = [];
    private long _classUses;
    private long _parkedSupply = -1;
    private long _parkedPlacements;

    /// <summary>Attempts that wait.</summary>
    public int Pending { get; private set; }

    /// <summary>Since when the oldest of those that wait does; null when none does.</summary>
    public DateTimeOffset? OldestWaiting => _waitingSince.Count == 0 ? null : _waitingSince.First().Key;

    /// <summary>Whether a plan could place something: some group has not been looked at since something became free.</summary>
    public bool HasWork => _demand.Values.Any(d => d.Ready.Count > 0 || (d.Parked.Count > 0 && _parkedSupply < _supply));

    private void Demand(LedgerEvent.Demanded demanded)
    {
        var job = JobOf(demanded.Job);
        DemandGroup[] before = [.. job.Groups];
        foreach (var group in before) Leave(group);
        job.Groups.Clear();
        var seen = demanded.Demands.Length > 1 ? new HashSet<AttemptRef>() : null;
        foreach (var demand in demanded.Demands)
        {
            var waiting = Once(Waiting(job, demand.Attempts), seen);
            if (waiting.IsEmpty) continue;
            var group = new DemandGroup(job, demand, waiting, ClassOf(job.Key, demand));
            job.Groups.Add(group);
            Enter(group);
            var old = Array.Find(before, g => g.Demand.Version == demand.Version);
            if (old is { Held.Count: > 0 }) HandOver(old, group);

            // A demand that is said again is not more tasks.
            if (_scorer.See(demand.Request, group.Class.Constraints, group.Waiting - (old?.Waiting ?? 0))) Judge();
        }

        foreach (var old in before) EndHolds(old);
        if (Promised > 0) DropUnwanted(job, demanded.Demands);
        Forget(job);
    }

    private static ImmutableArray<AttemptRef> Waiting(LedgerJob job, ImmutableArray<AttemptRef> attempts)
    {
        if (job.Holding.Count == 0) return attempts;
        foreach (var attempt in attempts)
        {
            if (job.Holding.ContainsKey(attempt)) return attempts.RemoveAll(job.Holding.ContainsKey);
        }

        return attempts;
    }

    /// <summary>Attempts without those that were said before; in order of instances as they come, there are none.</summary>
    private static ImmutableArray<AttemptRef> Once(ImmutableArray<AttemptRef> attempts, HashSet<AttemptRef>? seen)
    {
        if (seen is null)
        {
            var ascends = true;
            for (var i = 1; i < attempts.Length && ascends; i++) ascends = attempts[i - 1].Instance < attempts[i].Instance;
            if (ascends) return attempts;
        }

        seen ??= [];
        return attempts.RemoveAll(a => !seen.Add(a));
    }

    /// <summary>A job that no longer wants what it was promised: the victims may live or not, nobody waits for them.</summary>
    private void DropUnwanted(LedgerJob job, ImmutableArray<Demand> demands)
    {
        var wanted = demands.SelectMany(d => d.Attempts).ToHashSet();
        var promised = job.Holding.Where(h => _held[h.Value].IsPromise && !wanted.Contains(h.Key)).Select(h => h.Key).ToList();
        foreach (var attempt in promised)
        {
            Refresh(Drop(job, attempt));
            _ended.Add(new(job.Key, attempt));
            _supply++;
        }
    }

    private DemandClass ClassOf(JobKey job, Demand demand)
    {
        var constraints = _constraints.Of(demand.Constraints, _ready, _attributes);
        var own = !constraints.Moving.IsEmpty;
        var revocable = demand.Tier == Tier.Revocable;
        var key = new DemandClassKey(
            demand.Request, demand.Ports, demand.Custom, revocable, constraints, own ? job : default, own ? demand.Version : 0);
        if (!_classes.TryGetValue(key, out var found))
        {
            if (_classes.Count >= MaxIdleClasses) ForgetClasses();
            _classes[key] = found = new DemandClass(key, revocable ? _revocableIndexes : _indexes);
        }

        found.UsedAt = ++_classUses;
        return found;
    }

    /// <summary>Forgets the older half of the classes that nobody waits in.</summary>
    private void ForgetClasses()
    {
        var idle = _classes.Values.Where(c => c.Queues == 0).OrderBy(c => c.UsedAt).ToList();
        foreach (var demandClass in idle.Take((idle.Count + 1) / 2))
        {
            _classes.Remove(demandClass.Key);
            demandClass.Constraints.Classes--;
        }
    }

    private void Enter(DemandGroup group)
    {
        var role = group.Job.Role;
        if (!_demand.TryGetValue(role, out var demand)) _demand[role] = demand = new RoleDemand();
        var key = (group.Class, group.Demand.Tier, group.Demand.Gang ? group : null);
        if (!demand.Queues.TryGetValue(key, out var queue))
        {
            demand.Queues[key] = queue = new DemandQueue(role, group.Class, group.Demand.Gang);
            group.Class.Queues++;
        }
        else if (!demand.Ready.Remove(queue) && queue.Blocked is null)
        {
            throw new InvariantException($"a queue of role {_roles.PathOf(role)} is neither ready nor parked");
        }

        queue.Groups.Add(group);
        group.Queue = queue;
        if (queue.Blocked is null) demand.Ready.Add(queue);
        _roles.SetActive(role, true);
        Pending += group.Waiting;
        _waitingSince[group.Demand.Since] = _waitingSince.GetValueOrDefault(group.Demand.Since) + 1;
    }

    private void Leave(DemandGroup group)
    {
        if (group.Queue is not { } queue) return;
        var demand = _demand[queue.Role];
        var wasReady = demand.Ready.Remove(queue);
        queue.Groups.Remove(group);
        group.Queue = null;
        Pending -= group.Waiting;
        if (--_waitingSince[group.Demand.Since] == 0) _waitingSince.Remove(group.Demand.Since);
        if (queue.Groups.Count > 0)
        {
            if (wasReady) demand.Ready.Add(queue);
            return;
        }

        if (!wasReady) demand.Parked.Remove(queue);
        demand.Queues.Remove((queue.Class, group.Demand.Tier, queue.IsGang ? group : null));
        queue.Class.Queues--;
        if (demand.Queues.Count == 0) _roles.SetActive(queue.Role, false);
    }

    /// <summary>Leaves a queue alone until something has become free.</summary>
    private void Park(DemandQueue queue, (string Code, string? Subject) reason)
    {
        var demand = _demand[queue.Role];
        demand.Ready.Remove(queue);
        queue.Blocked = reason;
        demand.Parked.Add(queue);
    }

    /// <summary>Lets queues take part again for which something may have changed.</summary>
    private void Unpark()
    {
        var (more, moved) = (_parkedSupply < _supply, _parkedPlacements != _placements);
        (_parkedSupply, _parkedPlacements) = (_supply, _placements);
        if (!more && !moved) return;
        foreach (var demand in _demand.Values)
        {
            for (var i = demand.Parked.Count - 1; i >= 0; i--)
            {
                // A task to be near may have come, or the last of what was kept for others is used; nothing else gets better by placements.
                var queue = demand.Parked[i];
                if (!more && !queue.Class.Constraints.FollowsOthers && !WaitsForHeadroom(queue)) continue;
                demand.Parked.RemoveAt(i);
                queue.Blocked = null;
                demand.Ready.Add(queue);
            }
        }
    }

    /// <summary>
    /// Whether others may have to use what is kept for them first. With reservations a limit may be all that is said of it: it stops the
    /// whole request, and headroom the part that would not come from what is reserved.
    /// </summary>
    private bool WaitsForHeadroom(DemandQueue queue) =>
        queue.Blocked?.Code == Reasons.QuotaHeadroom || (_poolNodes.Count > 0 && queue.Blocked?.Code == Reasons.QuotaLimit);
}
