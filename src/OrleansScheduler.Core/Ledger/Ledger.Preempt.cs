namespace OrleansScheduler.Core;

/// <content>Preemption: tasks that are stopped so that a more important one gets their node.</content>
/// <remarks>
/// Who may displace whom is Aurora's rule. Which tasks: the fewest in the whole cell that make room, and of those the ones that lose the
/// least work. The one that waits is promised the node in the same round, so nobody is stopped for nothing and nobody else gets what
/// becomes free.
/// </remarks>
public sealed partial class Ledger
{
    private readonly SortedDictionary<(JobKey Job, AttemptRef Attempt), Preemption> _preemptions = new(
        Comparer<(JobKey Job, AttemptRef Attempt)>.Create(static (a, b) =>
        {
            var order = a.Job.CompareTo(b.Job);
            if (order == 0) order = a.Attempt.Instance.CompareTo(b.Attempt.Instance);
            return order != 0 ? order : a.Attempt.Number.CompareTo(b.Attempt.Number);
        }));

    private readonly List<LedgerEvent.PromiseEnded> _ended = [];
    private readonly Dictionary<(int Role, bool Preferred), SortedDictionary<int, int>> _priorities = [];
    private int _displaceable;

    /// <summary>Promises that wait for victims to go.</summary>
    public IEnumerable<Preemption> Preemptions => _preemptions.Values;

    /// <summary>Makes room for groups that have waited long: stops others for them, or keeps a node free.</summary>
    private void MakeRoom(PlanRound round)
    {
        var waiting = new List<DemandGroup>();
        foreach (var demand in _demand.Values)
        {
            foreach (var queue in demand.Parked)
            {
                if (Reasons.IsQuota(queue.Blocked!.Value.Code)) continue;
                if (queue.Class.Shape is not null) AddFirst(queue, round.Now, waiting);
            }
        }

        waiting.Sort(static (a, b) =>
            a.Demand.Since != b.Demand.Since ? a.Demand.Since.CompareTo(b.Demand.Since) : DemandGroup.Compare(a, b));
        foreach (var group in waiting)
        {
            if (round.Preemptions.Count >= _options.PreemptionsPerRound || (round.IsOver && round.Searches > 0))
            {
                round.HasMore = true;
                return;
            }

            if (!group.Demand.Gang) Preempt(group, round);
            if (group.Waiting > 0 && round.Now - group.Demand.Since >= _options.HoldAfter) Hold(group, round);
        }
    }

    /// <summary>
    /// The first of a queue that has waited long, and the first of another job: a job's own tasks are no victims of it, though they may be
    /// of others. All others behind them would find nobody else.
    /// </summary>
    private void AddFirst(DemandQueue queue, DateTimeOffset now, List<DemandGroup> waiting)
    {
        const int MostLooks = 16;
        DemandGroup? first = null;
        foreach (var group in queue.Groups.Take(MostLooks))
        {
            if (group.Job == first?.Job || now - group.Demand.Since < _options.PreemptAfter) continue;
            waiting.Add(group);
            if (first is not null) return;
            first = group;
        }
    }

    private void Preempt(DemandGroup group, PlanRound round)
    {
        var stamp = _placements + _supply;
        if (group.NoVictimsAt == stamp) return;
        while (group.Waiting > 0 && round.Preemptions.Count < _options.PreemptionsPerRound)
        {
            if (!group.Class.Key.Revocable && !_roles.Admit(group.Job.Role, group.Spec.Request).IsAllowed) return;
            if (round.IsOver && round.Searches > 0)
            {
                round.HasMore = true;
                return;
            }

            if (!AnyVictims(group))
            {
                group.NoVictimsAt = stamp;
                return;
            }

            round.Search(_order.Count, Placed);
            if (CheapestVictims(group, round.Now) is not { } choice)
            {
                group.NoVictimsAt = stamp;
                return;
            }

            var attempt = group.Take();
            Pending--;
            var preemption = new Preemption(group.Job.Key, attempt, choice.Node.Id, choice.Devices,
                [.. Ids([.. choice.Victims, .. choice.Going]).OrderBy(a => a.Job).ThenBy(a => a.Instance)], round.Now,
                group.Demand with { Attempts = [] });
            Promise(preemption);
            round.Preemptions.Add(preemption);
            stamp = _placements + _supply;
        }

        if (group.Waiting > 0) return;
        EndHolds(group);
        Leave(group);
        group.Job.Groups.Remove(group);
    }

    private IEnumerable<AttemptId> Ids(int[] rows) => rows.Select(r => _held[r].Attempt.Of(_held[r].Job.Key));

    private void Promise(Preemption preemption)
    {
        if (!_nodes.TryGetValue(preemption.Node, out var node))
            throw new InvariantException($"{preemption.Job} was promised the node {preemption.Node}, which the ledger does not know");
        var job = JobOf(preemption.Job);
        if (job.Holding.ContainsKey(preemption.Attempt)) return;
        var spec = HeldSpec.Of(preemption.Demand);
        var taken = node.Amounts.Force(_roles, job.Role, spec.Request, spec.IsRevocable);
        node.Gpus.Take(preemption.Devices, spec.EachDevice);
        node.Custom.Promise(spec.Custom);
        var promise = new Placement(preemption.Attempt, node.Id, []) { Devices = preemption.Devices };
        Hold(job, node, preemption.Attempt, spec, promise, taken, preemption.Since, isPromise: true);
        _preemptions[(preemption.Job, preemption.Attempt)] = preemption;
        foreach (var victim in preemption.Victims)
        {
            if (RowOf(victim) is { } held) _held[held].Victims++;
        }

        Refresh(node);
    }

    private void EndPromise(LedgerEvent.PromiseEnded ended)
    {
        if (!_preemptions.ContainsKey((ended.Job, ended.Attempt)) || !_jobs.TryGetValue(ended.Job, out var job)) return;
        Refresh(Drop(job, ended.Attempt));
        _supply++;
        Forget(job);
    }

    /// <summary>Gives nodes to those that were promised them once the victims are gone, and takes back what cannot be kept.</summary>
    private void KeepPromises(PlanRound round)
    {
        round.Broken.AddRange(_ended);
        _ended.Clear();
        if (_preemptions.Count == 0) return;
        foreach (var preemption in _preemptions.Values.ToList())
        {
            var job = _jobs[preemption.Job];
            var held = job.Holding[preemption.Attempt];
            var node = _order[_held[held].Node];
            var expired = round.Now - preemption.Since >= _options.PromiseFor;
            if (expired || !node.IsReachableAndOpen) Break(preemption, job, round);
            else if (!preemption.Victims.Any(v => RowOf(v) is not null)) Fulfil(preemption, job, node, held, round);
        }
    }

    private void Fulfil(Preemption preemption, LedgerJob job, LedgerNode node, int held, PlanRound round)
    {
        ref var row = ref _held[held];
        var spec = row.Spec;
        if (!HasAll(node, row) || node.Ports.Free < spec.Ports || !node.Custom.HasPromised(spec.Custom)) return;
        node.Custom.EndPromise(spec.Custom);
        var ports = ImmutableArray.CreateBuilder<int>(spec.Ports);
        if (!node.Ports.TryTake(spec.Ports, ports))
            throw new InvariantException($"node {node.Id} has fewer free ports than it counts");
        row.Fulfil(ports.MoveToImmutable(), node.Custom.Take(spec.Custom), round.Now);
        node.PromisedPorts -= spec.Ports;
        node.Used += spec.Request;
        node.UsedFirmly += spec.Request - row.Taken.Revocable;
        node.Tasks++;
        Placed++;
        Promised--;
        _preemptions.Remove((preemption.Job, preemption.Attempt));
        round.Keep(job, spec, node.PlacementOf(row));
        Refresh(node);
        if (!RowsOn(node).Any(h => _held[h].IsPromise)) _promisedNodes.Remove(node.Index);
    }

    /// <summary>
    /// Whether what was promised is there by now, though it has already been taken off. What other promises wait for does not count.
    /// </summary>
    private bool HasAll(LedgerNode node, in HeldAttempt row)
    {
        foreach (var device in row.Devices)
        {
            var free = node.Gpus.FreeOf(device);
            foreach (var other in RowsOn(node))
            {
                if (_held[other].IsPromise && _held[other].Devices.Contains(device)) free += _held[other].Spec.EachDevice;
            }

            if (free < row.Spec.EachDevice) return false;
        }

        var (firm, lent) = (row.Spec.Request - row.Taken.Revocable, row.Taken.Revocable);
        return (node.UsedFirmly + firm).FitsInto(node.Description.Capacity)
            && (lent == Resources.None || (node.Used - node.UsedFirmly + lent).FitsInto(node.Amounts.RevocableCapacity));
    }

    private void Break(Preemption preemption, LedgerJob job, PlanRound round)
    {
        Refresh(Drop(job, preemption.Attempt));
        round.Broken.Add(new(preemption.Job, preemption.Attempt));
        _supply++;
        Wait(job, preemption);
    }

    private void Wait(LedgerJob job, Preemption preemption)
    {
        if (job.Groups.Find(g => g.Demand.Version == preemption.Demand.Version) is { } group)
        {
            group.Return(preemption.Attempt);
            Pending++;
            return;
        }

        var demand = preemption.Demand;
        group = new DemandGroup(job, demand, [preemption.Attempt], ClassOf(job.Key, demand));
        job.Groups.Add(group);
        Enter(group);
    }

    private void ForgetVictims(LedgerNode node, JobKey job, AttemptRef attempt)
    {
        if (_preemptions.Remove((job, attempt), out var preemption))
        {
            foreach (var victim in preemption.Victims)
            {
                if (RowOf(victim) is { } held) _held[held].Victims--;
            }
        }

        var others = RowsOn(node).Any(h => _held[h].IsPromise && !(_held[h].Job.Key == job && _held[h].Attempt == attempt));
        if (!others) _promisedNodes.Remove(node.Index);
    }

    private int? RowOf(AttemptId attempt) =>
        _jobs.TryGetValue(attempt.Job, out var job) && job.Holding.TryGetValue(new(attempt.Instance, attempt.Number), out var held)
            && !_held[held].IsPromise
            ? held
            : null;

    /// <summary>
    /// Whether anybody holds anything who might give way to a group: without looking at a node. In most cells most who wait are equal to
    /// those who run, and a search through all nodes would find nobody.
    /// </summary>
    private bool AnyVictims(DemandGroup group)
    {
        if (_preemptions.Count > 0) return true;
        var preferred = group.Spec.Tier == Tier.Preferred;
        if (preferred && _displaceable > 0) return true;
        return _priorities.TryGetValue((group.Job.Role, preferred), out var priorities) && priorities.Count > 0
            && priorities.First().Key < group.Spec.Priority;
    }

    /// <summary>Keeps count of those who hold something by what decides whom they give way to.</summary>
    private void CountRank(LedgerJob job, HeldSpec spec, int change)
    {
        var preferred = spec.Tier == Tier.Preferred;
        if (!preferred) _displaceable += change;
        if (!_priorities.TryGetValue((job.Role, preferred), out var priorities)) _priorities[(job.Role, preferred)] = priorities = [];
        var count = priorities.GetValueOrDefault(spec.Priority) + change;
        if (count == 0) priorities.Remove(spec.Priority);
        else priorities[spec.Priority] = count;
    }

    /// <summary>
    /// Aurora's rule: a preferred task displaces those that are not; among equals only a lower priority of the same role gives way.
    /// </summary>
    private static bool MayPreempt(DemandGroup group, in HeldAttempt victim)
    {
        if (victim.IsPromise || victim.Victims > 0 || victim.Job == group.Job) return false;
        var (pending, running) = (group.Spec.Tier == Tier.Preferred, victim.Spec.Tier == Tier.Preferred);
        if (pending != running) return pending;
        return victim.Job.Role == group.Job.Role && group.Spec.Priority > victim.Spec.Priority;
    }

    private VictimChoice? CheapestVictims(DemandGroup group, DateTimeOffset now)
    {
        var allowed = group.Class.Allowed;
        if (!group.Class.Constraints.Moving.IsEmpty)
        {
            FillMoving(group);
            allowed = _moving;
        }

        var search = new VictimSearch(_held, _roles, group);
        VictimChoice? best = null;
        foreach (var node in _order)
        {
            if (!allowed[node.Index]) continue;
            search.Begin(node);
            for (var held = node.FirstHeld; held >= 0; held = _held[held].Next)
            {
                if (MayPreempt(group, _held[held])) search.Add(held, now);
                else if (_held[held].Victims > 0) search.AddGoing(held);
            }

            if (search.Cheapest(best) is { } better) best = better;
        }

        return best;
    }
}
