namespace OrleansScheduler.Core.Tests;

internal enum SimStatus
{
    Pending,
    Assigned,
    Running,
    Stopping,
}

internal sealed record SimTask(int Instance, int Number, SimStatus Status, DateTimeOffset Since)
{
    public Placement? Placement { get; init; }

    public AttemptRef Ref => new(Instance, Number);

    public bool HoldsNode => Status != SimStatus.Pending;
}

/// <summary>The least that a job does towards ledger and agents: wants, is placed, launches, runs, ends, gives back, stops.</summary>
internal sealed class SimJob(SimWorld world, JobKey key, Demand demand)
{
    private readonly Dictionary<int, int> _numbers = [];
    private readonly SortedSet<AttemptRef> _toRelease = [];
    private long _claims;

    public JobKey Key => key;

    public Demand Demand => demand;

    public int Wanted { get; private set; }

    public SortedDictionary<int, SimTask> Tasks { get; } = [];

    public long Epoch { get; private set; }

    public IEnumerable<SimTask> Holding => Tasks.Values.Where(t => t.HoldsNode);

    public bool IsAtRest => _toRelease.Count == 0 && Tasks.Values.All(t => t.Status is SimStatus.Running or SimStatus.Pending);

    public void Scale(int wanted)
    {
        Wanted = wanted;
        for (var i = 0; i < wanted; i++)
        {
            if (!Tasks.ContainsKey(i)) Tasks[i] = New(i);
        }

        foreach (var task in Tasks.Values.Where(t => t.Instance >= wanted).ToList()) Stop(task);
        Claim(full: false);
    }

    public void LedgerChanged(long epoch)
    {
        if (epoch <= Epoch) return;
        Epoch = epoch;
        Claim(full: true);
    }

    /// <summary>The ledger's answer to a claim; without one, it was made for another owner or came too late.</summary>
    public void Answer(long epoch, SimClaim? claim)
    {
        if (claim is not null && epoch == Epoch) _toRelease.ExceptWith(claim.Released);
        LedgerChanged(epoch);
    }

    public void Place(ImmutableArray<Placement> placements, SimLedger ledger)
    {
        Epoch = Math.Max(Epoch, ledger.Epoch);
        var unwanted = ImmutableArray.CreateBuilder<AttemptRef>();
        foreach (var placement in placements)
        {
            var task = Tasks.GetValueOrDefault(placement.Attempt.Instance);
            if (task is not null && task.Ref == placement.Attempt && task.Status == SimStatus.Pending)
            {
                Tasks[task.Instance] = task with { Status = SimStatus.Assigned, Placement = placement, Since = world.Now };
                Launch(Tasks[task.Instance]);
            }
            else if (task?.Ref != placement.Attempt || task.Placement!.Node != placement.Node)
            {
                unwanted.Add(placement.Attempt);
            }
        }

        if (unwanted.Count == 0) return;
        var refused = unwanted.ToImmutable();
        world.Send(() => ledger.GiveBack(key, refused));
    }

    public void Preempt(ImmutableArray<AttemptRef> victims)
    {
        foreach (var victim in victims)
        {
            if (Tasks.GetValueOrDefault(victim.Instance) is not { HoldsNode: true } task || task.Ref != victim) continue;
            if (task.Status != SimStatus.Stopping) Stop(task);
            if (world.IsBroken(Broken.EarlyRelease)) _toRelease.Add(victim);
        }

        if (world.IsBroken(Broken.EarlyRelease)) Claim(full: false);
    }

    /// <summary>An agent says that an attempt runs. When the job does not want it there, it is to end.</summary>
    public void Runs(AttemptRef attempt, SimAgent agent)
    {
        if (Tasks.GetValueOrDefault(attempt.Instance) is { HoldsNode: true } task && task.Ref == attempt
            && task.Placement!.Node == agent.Id)
        {
            if (task.Status == SimStatus.Assigned) Tasks[task.Instance] = task with { Status = SimStatus.Running };
            return;
        }

        Kill(attempt, agent);
    }

    public void Ended(AttemptRef attempt)
    {
        if (Tasks.GetValueOrDefault(attempt.Instance) is { HoldsNode: true } task && task.Ref == attempt) End(task);
    }

    /// <summary>Nobody can reach the node: what ran there is lost.</summary>
    public void NodeLost(SimAgent agent)
    {
        if (agent.IsReachable) return;
        foreach (var task in Holding.Where(t => t.Placement!.Node == agent.Id).ToList()) End(task);
    }

    /// <summary>Says everything again that may not have arrived.</summary>
    public void Resend()
    {
        foreach (var agent in world.Agents) NodeLost(agent);
        foreach (var task in Holding.ToList())
        {
            if (task.Status == SimStatus.Assigned) Launch(task);
            else if (task.Status == SimStatus.Stopping) Kill(task.Ref, world.Agent(task.Placement!.Node));
        }

        Claim(full: true);
    }

    public void Claim(bool full)
    {
        var waiting = Tasks.Values.Where(t => t.Status == SimStatus.Pending).ToList();
        var claim = new SimClaim(key, new ClaimStamp(Epoch, 1, ++_claims))
        {
            Demands = waiting.Count == 0
                ? []
                : [demand with { Attempts = [.. waiting.Select(t => t.Ref)], Since = waiting.Min(t => t.Since) }],
            Released = [.. _toRelease],
            Holding = full ? [.. Holding.Select(t => t.Ref)] : null,
        };
        world.SendToLedger(ledger => ledger.Settle(claim, this));
    }

    private SimTask New(int instance) =>
        new(instance, _numbers[instance] = _numbers.GetValueOrDefault(instance) + 1, SimStatus.Pending, world.Now);

    private void Stop(SimTask task)
    {
        if (task.HoldsNode)
        {
            Tasks[task.Instance] = task with { Status = SimStatus.Stopping };
            Kill(task.Ref, world.Agent(task.Placement!.Node));
        }
        else if (task.Instance >= Wanted)
        {
            Tasks.Remove(task.Instance);
        }
    }

    private void End(SimTask task)
    {
        _toRelease.Add(task.Ref);
        if (task.Instance < Wanted) Tasks[task.Instance] = New(task.Instance);
        else Tasks.Remove(task.Instance);
        Claim(full: false);
    }

    private void Launch(SimTask task)
    {
        var agent = world.Agent(task.Placement!.Node);
        var command = new SimCommand(task.Ref.Of(key), Epoch, agent.Generation) { Launch = task.Placement, Demand = demand };
        world.Send(() => agent.Do(command));
    }

    private void Kill(AttemptRef attempt, SimAgent agent)
    {
        var command = new SimCommand(attempt.Of(key), Epoch, agent.Generation);
        world.Send(() => agent.Do(command));
    }
}
