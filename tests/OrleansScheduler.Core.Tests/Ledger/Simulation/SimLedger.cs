namespace OrleansScheduler.Core.Tests;

/// <summary>What a job says to the ledger.</summary>
internal sealed record SimClaim(JobKey Job, ClaimStamp Stamp)
{
    public ImmutableArray<Demand>? Demands { get; init; }

    public ImmutableArray<AttemptRef> Released { get; init; } = [];

    public ImmutableArray<AttemptRef>? Holding { get; init; }
}

/// <summary>One activation of the ledger: intents, plan, append, tell. Mirrors the silo's LedgerRound and its grain.</summary>
internal sealed class SimLedger
{
    private readonly SimWorld _world;
    private readonly Ledger _ledger;
    private readonly ClaimOrder _claims;
    private List<Action<Round>> _inbox = [];

    public SimLedger(SimWorld world)
    {
        _world = world;
        (Epoch, var entries) = world.Journal.Open();
        _claims = new ClaimOrder(Epoch);
        _ledger = new Ledger(SimWorld.Options);
        foreach (var entry in entries) entry.ApplyTo(_ledger);
        foreach (var job in world.Jobs) world.Send(() => job.LedgerChanged(Epoch));
    }

    public long Epoch { get; }

    public bool IsDead { get; private set; }

    public bool HasIntents => _inbox.Count > 0;

    public Ledger Core => _ledger;

    public void Change(LedgerEvent.NodeChanged node) => _inbox.Add(round => round.Change(node));

    public void Change(LedgerEvent.RoleChanged role) => _inbox.Add(round => round.Change(role));

    public void GiveBack(JobKey job, ImmutableArray<AttemptRef> attempts) => _inbox.Add(round => round.Release(job, attempts));

    public void Settle(SimClaim claim, SimJob job)
    {
        if (IsDead) return;
        if (!_claims.Take(claim.Job, claim.Stamp, claim.Holding is not null) && !_world.IsBroken(Broken.ClaimOrder))
        {
            _world.Send(() => job.Answer(Epoch, null));
            return;
        }

        _inbox.Add(round =>
        {
            round.Settle(claim);
            round.Answers.Add(() => job.Answer(Epoch, claim));
        });
    }

    /// <summary>Tells again what victims were to hear: it may have been lost.</summary>
    public void Resend()
    {
        if (!IsDead) TellVictims([.. _ledger.Preemptions]);
    }

    public void Work(int most)
    {
        if (IsDead) return;
        var round = new Round(_world, _ledger);
        var intents = _inbox;
        _inbox = [];
        foreach (var intent in intents) intent(round);
        var plan = _ledger.Plan(_world.Now, most);
        var change = round.Conclude(plan);
        if (_world.IsBroken(Broken.TellFirst)) Tell(plan, round);
        if (_world.Fault(1) || (!change.IsEmpty && !_world.Journal.Append(Epoch, change)))
        {
            // Crashed before the entry was written, or replaced by another owner.
            IsDead = true;
            return;
        }

        if (_world.Fault(1))
        {
            // Written, but nobody was told: neither this one that it was, nor the jobs of what.
            IsDead = true;
            return;
        }

        if (!_world.IsBroken(Broken.TellFirst)) Tell(plan, round);
        if (_world.IsBroken(Broken.Promises))
        {
            foreach (var preemption in plan.Preemptions) _ledger.Apply(new LedgerEvent.PromiseEnded(preemption.Job, preemption.Attempt));
        }

        if (_world.Chance(3)) _world.Journal.Compact(Epoch, Snapshot());
    }

    public SimChange Snapshot()
    {
        var roles = new List<LedgerEvent.RoleChanged>();
        for (var role = 1; role < _ledger.Roles.Count; role++)
            roles.Add(new(_ledger.Roles.PathOf(role), _ledger.Roles.QuotaOf(role), _ledger.Roles.WeightOf(role)));
        return new SimChange
        {
            Nodes = [.. _ledger.Nodes()],
            Roles = roles,
            Reserved = [.. _ledger.Reservations()],
            Preempted = [.. _ledger.Preemptions],
        };
    }

    private void Tell(LedgerPlan plan, Round round)
    {
        var placements = plan.Placements().Select(p => (p.Job, p.Placement)).Concat(round.Repeated);
        foreach (var byJob in placements.GroupBy(p => p.Job, p => p.Placement))
        {
            var job = _world.JobOf(byJob.Key);
            ImmutableArray<Placement> batch = [.. byJob];
            _world.Send(() => job.Place(batch, this));
        }

        TellVictims(plan.Preemptions);
        foreach (var answer in round.Answers) _world.Send(answer);
    }

    private void TellVictims(ImmutableArray<Preemption> preemptions)
    {
        foreach (var byJob in preemptions.SelectMany(p => p.Victims).GroupBy(v => v.Job))
        {
            var job = _world.JobOf(byJob.Key);
            var still = byJob.Select(v => new AttemptRef(v.Instance, v.Number)).Where(v => _ledger.Find(job.Key, v) is not null);
            ImmutableArray<AttemptRef> victims = [.. still];
            if (!victims.IsEmpty) _world.Send(() => job.Preempt(victims));
        }
    }

    /// <summary>Collects what a round changes.</summary>
    internal sealed class Round(SimWorld world, Ledger ledger)
    {
        private readonly SimChange _change = new();
        private readonly List<(JobKey Job, Placement Placement)> _repeated = [];

        public IEnumerable<(JobKey Job, Placement Placement)> Repeated => _repeated;

        public List<Action> Answers { get; } = [];

        public void Change(LedgerEvent.NodeChanged node)
        {
            ledger.Apply(node);
            _change.Nodes.Add(node);
        }

        public void Change(LedgerEvent.RoleChanged role)
        {
            if (!world.IsBroken(Broken.Quotas)) ledger.Apply(role);
            _change.Roles.Add(role);
        }

        public void Settle(SimClaim claim)
        {
            Release(claim.Job, claim.Released);
            if (claim.Holding is { } holding)
            {
                var wanted = (claim.Demands ?? []).SelectMany(d => d.Attempts).ToHashSet();
                var known = ledger.HeldBy(claim.Job);
                Release(claim.Job, [.. known.Where(a => !holding.Contains(a) && !wanted.Contains(a))]);
                foreach (var attempt in known.Where(wanted.Contains)) _repeated.Add((claim.Job, ledger.Find(claim.Job, attempt)!));
            }

            if (claim.Demands is { } demands) ledger.Apply(new LedgerEvent.Demanded(claim.Job, demands));
        }

        public void Release(JobKey job, ImmutableArray<AttemptRef> attempts)
        {
            if (world.IsBroken(Broken.DoubleRelease))
                attempts = [.. ledger.HeldBy(job).Where(held => attempts.Any(a => a.Instance == held.Instance && a.Number <= held.Number))];
            ImmutableArray<AttemptRef> held = [.. attempts.Where(a => ledger.Find(job, a) is not null)];
            if (held.IsEmpty) return;
            ledger.Apply(new LedgerEvent.Released(job, held));
            _change.Released.Add((job, held));
        }

        public SimChange Conclude(LedgerPlan plan) =>
            _change with { Ended = plan.Broken, Reserved = plan.Reservations, Preempted = plan.Preemptions };
    }
}
