namespace OrleansScheduler.Silo;

/// <summary>Collects what one round of the ledger changes, from the intents of jobs and nodes to the plan.</summary>
internal sealed class LedgerRound(Ledger ledger, IReadOnlySet<JobKey> waiting)
{
    private readonly List<NodeCondition> _nodes = [];
    private readonly List<HeldByJob> _released = [];
    private readonly HashSet<JobKey> _touched = [];
    private readonly List<(JobKey Job, Placement Placement)> _repeated = [];

    /// <summary>Placements that a job asked for again: it has not heard of them.</summary>
    public IReadOnlyList<(JobKey Job, Placement Placement)> Repeated => _repeated;

    public static LedgerEvent ToEvent(NodeCondition node) =>
        new LedgerEvent.NodeChanged(node.Description, node.Generation, node.Reachable, node.Mode);

    public void Change(NodeCondition node)
    {
        ledger.Apply(ToEvent(node));
        _nodes.Add(node);
    }

    public void Settle(JobClaim claim)
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

        if (claim.Demands is { } demands) ledger.Apply(new LedgerEvent.Demanded(claim.Job, demands));
    }

    public LedgerChange Conclude(LedgerPlan plan)
    {
        foreach (var reservation in plan.Reservations) _touched.Add(reservation.Job);
        return new LedgerChange
        {
            Nodes = [.. _nodes],
            Released = [.. _released],
            Reserved = plan.Reservations,
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
