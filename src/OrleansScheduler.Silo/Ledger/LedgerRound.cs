namespace OrleansScheduler.Silo;

/// <summary>Collects what one round of the ledger changes, from the intents of jobs and nodes to the plan.</summary>
internal sealed partial class LedgerRound(
    Ledger ledger, IReadOnlySet<JobKey> waiting, LedgerOperations operations, ProductionBook production)
{
    private readonly List<NodeCondition> _nodes = [];
    private readonly List<HeldByJob> _released = [];
    private readonly HashSet<JobKey> _touched = [];
    private readonly List<(JobKey Job, Placement Placement)> _repeated = [];
    private readonly Dictionary<JobKey, Action<ImmutableArray<Placement>>> _asking = [];

    /// <summary>Jobs that made claims or got something.</summary>
    public IEnumerable<JobKey> Touched => _touched;

    /// <summary>Placements that a job asked for again: it has not heard of them.</summary>
    public IReadOnlyList<(JobKey Job, Placement Placement)> Repeated => _repeated;

    public static LedgerEvent ToEvent(NodeCondition node) =>
        new LedgerEvent.NodeChanged(node.Description, node.Generation, node.Reachable, node.Mode);

    /// <summary>What is added to the journal's epoch from now on; 0 for no change.</summary>
    public long EpochBase { get; set; }

    public void Change(NodeCondition node)
    {
        ledger.Apply(ToEvent(node));
        _nodes.Add(node);
    }

    /// <summary>Takes a job's claim over; when it wants too much, all of it but its demand, and answers why.</summary>
    public Problem? Settle(JobClaim claim)
    {
        _touched.Add(claim.Job);
        Release(claim.Job, claim.Released);
        if (claim.Holding is { } holding)
        {
            var wanted = (claim.Demands ?? []).SelectMany(d => d.Attempts).ToHashSet();
            var held = holding.ToHashSet();
            var known = ledger.HeldBy(claim.Job);
            Release(claim.Job, [.. known.Where(a => !held.Contains(a) && !wanted.Contains(a))]);
            foreach (var attempt in known.Where(wanted.Contains)) _repeated.Add((claim.Job, ledger.Find(claim.Job, attempt)!));
        }

        if (claim.Demands is not { } demands) return null;
        if (ledger.CheckDemand(claim.Job, demands) is { } problem) return problem;
        ledger.Apply(new LedgerEvent.Demanded(claim.Job, demands));
        return null;
    }

    /// <summary>The job waits for what becomes of its claim, and takes with the answer what this round has for it.</summary>
    public void Asks(JobKey job, Action<ImmutableArray<Placement>> answer) => _asking[job] = answer;

    /// <summary>Answers the jobs that ask, once the plan is durable; returns what others got, who have to be told.</summary>
    public ImmutableArray<Reservation> Answer(ImmutableArray<Reservation> reservations)
    {
        if (_asking.Count == 0) return reservations;
        foreach (var job in reservations.Where(r => _asking.ContainsKey(r.Job)).GroupBy(r => r.Job))
            _asking[job.Key]([.. job.SelectMany(r => Enumerable.Range(0, r.Attempts.Length).Select(r.PlacementOf))]);
        return [.. reservations.Where(r => !_asking.ContainsKey(r.Job))];
    }

    public LedgerChange Conclude(LedgerPlan plan)
    {
        foreach (var reservation in plan.Reservations) _touched.Add(reservation.Job);
        foreach (var preemption in plan.Preemptions) _touched.Add(preemption.Job);
        foreach (var broken in plan.Broken) _touched.Add(broken.Job);
        return new LedgerChange
        {
            EpochBase = EpochBase,
            Nodes = [.. _nodes],
            Roles = [.. _roles],
            NodeReservations = [.. _reservations],
            Released = [.. _released],
            PromisesEnded = [.. plan.Broken.Select(b => b.Attempt.Of(b.Job))],
            Reserved = plan.Reservations,
            Preempted = plan.Preemptions,
            Operations = [.. _operations],
            Production = [.. _uses.Select(use => new JobUse(use.Key, use.Value))],
            Waiting = [.. _touched.Where(j => ledger.IsWaiting(j) && !waiting.Contains(j))],
            Settled = [.. _touched.Where(j => !ledger.IsWaiting(j) && waiting.Contains(j))],
        };
    }

    private void Release(JobKey job, ImmutableArray<AttemptRef> attempts)
    {
        ImmutableArray<AttemptRef> held = [.. attempts.Where(a => ledger.Find(job, a) is not null)];
        if (held.IsEmpty) return;
        ledger.Apply(new LedgerEvent.Released(job, held));
        _released.Add(new HeldByJob(job, held));
    }
}
