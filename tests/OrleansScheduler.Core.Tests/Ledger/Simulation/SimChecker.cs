namespace OrleansScheduler.Core.Tests;

/// <summary>Follows the journal with the plain reference, and says which rule an entry breaks.</summary>
internal sealed class SimChecker(SimWorld world)
{
    private readonly Dictionary<(JobKey, AttemptRef), Preemption> _open = [];

    public NaiveCell Cell { get; } = new();

    /// <summary>Promises that were made, kept and taken back so far.</summary>
    public (int Made, int Kept, int Broken) Promises { get; private set; }

    public IEnumerable<Preemption> Open => _open.Values;

    public void Take(SimChange change)
    {
        foreach (var node in change.Nodes) Take(node);
        foreach (var role in change.Roles) (Cell.Role(role.Role).Quota, Cell.Role(role.Role).Weight) = (role.Quota, role.Weight);
        foreach (var (job, attempts) in change.Released)
        {
            foreach (var attempt in attempts) Release(job, attempt);
        }

        foreach (var ended in change.Ended)
        {
            if (!_open.Remove((ended.Job, ended.Attempt))) continue;
            if (Cell.Find(ended.Job, ended.Attempt) is { IsPromise: true } promise) Cell.Remove(promise);
            Promises = Promises with { Broken = Promises.Broken + 1 };
        }

        foreach (var reservation in change.Reserved)
        {
            for (var i = 0; i < reservation.Attempts.Length; i++) Place(reservation, reservation.PlacementOf(i));
        }

        foreach (var preemption in change.Preempted) Preempt(preemption);
        Check();
    }

    /// <summary>What must be true at any time, counted anew.</summary>
    public void Check()
    {
        foreach (var node in Cell.Nodes)
        {
            if (node.IsOvercommitted) throw new ViolationException("S1", $"more is reserved on {node.Id} than it has");
            var running = node.Tasks.Where(t => !t.IsPromise).ToList();
            if (HasTwice(running.SelectMany(t => t.Ports)) || HasTwice(running.SelectMany(t => t.Items)))
                throw new ViolationException("S2", $"two share something of {node.Id}");
            for (var device = 0; device < node.Devices; device++)
            {
                if (running.Where(t => t.Devices.Contains(device)).Sum(t => Math.Min(1000, t.Demand.Request.GpuMillis)) > 1000)
                    throw new ViolationException("S2", $"GPU {device} of {node.Id} is given out twice");
            }
        }

        static bool HasTwice<T>(IEnumerable<T> all) => !all.All(new HashSet<T>().Add);
    }

    private void Take(LedgerEvent.NodeChanged change)
    {
        var node = Cell.Node(change.Description.Id);
        if (node is null) Cell.Nodes.Add(node = new NaiveNode(change.Description));
        else if (change.Generation < world.Generations.GetValueOrDefault(node.Id)) return;
        world.Generations[node.Id] = change.Generation;
        (node.Description, node.Reachable, node.Mode) = (change.Description, change.Reachable, change.Mode);
    }

    private void Release(JobKey job, AttemptRef attempt)
    {
        if (Cell.Find(job, attempt) is not { } task) return;
        if (world.Agents.Any(a => a.IsReachable && a.Running.ContainsKey(task.Id)))
            throw new ViolationException("S14", $"what {task.Id} holds is free though it runs");
        Cell.Remove(task);
    }

    private void Place(Reservation reservation, Placement placement)
    {
        var found = Cell.Find(reservation.Job, placement.Attempt);
        if (found is { IsPromise: false }) throw new ViolationException("S10", $"{found.Id} is placed twice");
        if (found is not null)
        {
            if (found.WaitsFor!.Count > 0) throw new ViolationException("S14", $"{found.Id} gets its node before its victims have gone");
            if (found.Node.Id != placement.Node) throw new ViolationException("S15", $"{found.Id} was promised {found.Node.Id}");
            Cell.Remove(found);
            _open.Remove((reservation.Job, placement.Attempt));
            Promises = Promises with { Kept = Promises.Kept + 1 };
        }

        var demand = new Demand
        {
            Version = reservation.Version,
            Request = reservation.Request,
            Ports = placement.Ports.Length,
            Constraints = reservation.Constraints,
            Custom = reservation.Custom,
            Priority = reservation.Priority,
            Tier = reservation.Tier,
            Attempts = [placement.Attempt],
        };
        var group = new NaiveGroup(reservation.Job, demand);
        if (found is null) Judge(() => Cell.Check(group, placement));
        Cell.Put(group, placement, world.Now);
    }

    private void Preempt(Preemption preemption)
    {
        if (preemption.Victims.IsEmpty)
            throw new ViolationException("S15", $"{preemption.Job} was promised {preemption.Node} without victims");
        var group = new NaiveGroup(preemption.Job, preemption.Demand);
        foreach (var victim in preemption.Victims)
        {
            var task = Cell.Find(victim.Job, new(victim.Instance, victim.Number));
            if (task?.Node.Id != preemption.Node || (!Cell.IsDoomed(task) && !Cell.MayPreempt(group, task)))
                throw new ViolationException("S14", $"{victim} may not be stopped for {preemption.Job}");
        }

        if (!Cell.Admits(group.Path, preemption.Demand.Request))
            throw new ViolationException("S13", $"{preemption.Job} is promised too much");
        Cell.Promise(preemption);
        _open[(preemption.Job, preemption.Attempt)] = preemption;
        Promises = Promises with { Made = Promises.Made + 1 };
    }

    private static void Judge(Action check)
    {
        try
        {
            check();
        }
        catch (Xunit.Sdk.XunitException e)
        {
            throw new ViolationException(e.Message.Contains("quota", StringComparison.Ordinal) ? "S13" : "S25", e.Message);
        }
    }
}
