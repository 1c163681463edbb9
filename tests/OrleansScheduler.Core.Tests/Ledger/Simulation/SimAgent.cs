namespace OrleansScheduler.Core.Tests;

/// <summary>A command to an agent, with what fences it: the ledger's epoch and the agent's session.</summary>
internal sealed record SimCommand(AttemptId Attempt, long Epoch, long Generation)
{
    /// <summary>Where to start it; null to end it.</summary>
    public Placement? Launch { get; init; }

    public Demand? Demand { get; init; }
}

/// <summary>One node's agent: runs what it is told, remembers what has ended, and the highest epoch it was told by.</summary>
internal sealed class SimAgent(SimWorld world, NodeDescription description)
{
    private readonly HashSet<AttemptId> _ended = [];
    private long _highest;

    public string Id => description.Id;

    public NodeDescription Description => description;

    public long Generation { get; private set; } = 1;

    public bool IsReachable { get; private set; } = true;

    public MaintenanceMode Mode { get; set; }

    public SortedDictionary<AttemptId, (Placement Placement, Demand Demand)> Running { get; } = [];

    /// <summary>Commands that were refused for their epoch or session.</summary>
    public int Refused { get; private set; }

    public LedgerEvent.NodeChanged Condition => new(description, Generation, IsReachable, Mode);

    public void Do(SimCommand command)
    {
        if (!IsReachable) return;
        if ((command.Epoch < _highest || command.Generation != Generation) && !world.IsBroken(Broken.EpochsAtAgents))
        {
            Refused++;
            return;
        }

        if (command.Epoch < _highest) throw new ViolationException("S12", $"{Id} obeys epoch {command.Epoch} after {_highest}");
        _highest = command.Epoch;
        if (command.Launch is null) End(command.Attempt);
        else if (!_ended.Contains(command.Attempt)) Running[command.Attempt] = (command.Launch, command.Demand!);
        Report(command.Attempt);
        Check();
    }

    /// <summary>A task ends, by itself or because it is told to; one that has not come yet will never start.</summary>
    public void End(AttemptId attempt)
    {
        Running.Remove(attempt);
        _ended.Add(attempt);
        Report(attempt);
    }

    /// <summary>Says again what runs, and of everything that jobs still count on that it has ended.</summary>
    public void Resend()
    {
        foreach (var attempt in Running.Keys) Report(attempt);
        foreach (var job in world.Jobs)
        {
            foreach (var task in job.Holding)
            {
                if (task.Placement!.Node == Id && _ended.Contains(task.Ref.Of(job.Key))) Report(task.Ref.Of(job.Key));
            }
        }

        world.SendToLedger(ledger => ledger.Change(Condition));
    }

    public void Lose()
    {
        IsReachable = false;
        world.SendToLedger(ledger => ledger.Change(Condition));
        foreach (var job in world.Jobs) world.Send(() => job.NodeLost(this));
    }

    /// <summary>A new session begins with what runs: what no job wants any more ends before anything else comes.</summary>
    public void Return()
    {
        Generation++;
        IsReachable = true;
        foreach (var attempt in Running.Keys.ToList())
        {
            var task = world.JobOf(attempt.Job).Tasks.GetValueOrDefault(attempt.Instance);
            if (task is not { HoldsNode: true } || task.Number != attempt.Number || task.Placement!.Node != Id)
            {
                Running.Remove(attempt);
                _ended.Add(attempt);
            }
        }

        Resend();
    }

    /// <summary>What really runs at once fits, and shares nothing.</summary>
    private void Check()
    {
        var used = Resources.None;
        var (ports, devices, items) = (new HashSet<int>(), new Dictionary<int, long>(), new HashSet<string>());
        foreach (var (attempt, (placement, demand)) in Running)
        {
            used += demand.Request;
            foreach (var port in placement.Ports) if (!ports.Add(port))
                throw new ViolationException("S2", $"{attempt} shares port {port} of {Id}");
            foreach (var item in placement.Items) if (!items.Add(item))
                throw new ViolationException("S2", $"{attempt} shares {item} of {Id}");
            foreach (var device in placement.Devices)
            {
                devices[device] = devices.GetValueOrDefault(device) + Math.Min(1000, demand.Request.GpuMillis);
                if (devices[device] > 1000) throw new ViolationException("S2", $"{attempt} shares GPU {device} of {Id}");
            }
        }

        if (!used.FitsInto(description.Capacity))
            throw new ViolationException("S1", $"{used} runs on {Id}, which has {description.Capacity}");
    }

    private void Report(AttemptId attempt)
    {
        var job = world.JobOf(attempt.Job);
        var reference = new AttemptRef(attempt.Instance, attempt.Number);
        world.Send(() =>
        {
            if (!IsReachable) return;
            if (Running.ContainsKey(attempt)) job.Runs(reference, this);
            else if (_ended.Contains(attempt)) job.Ended(reference);
        });
    }
}
