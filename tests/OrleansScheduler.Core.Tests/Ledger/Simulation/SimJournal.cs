namespace OrleansScheduler.Core.Tests;

/// <summary>One entry of the ledger's journal: what a round has changed. Mirrors the silo's LedgerChange.</summary>
internal sealed record SimChange
{
    public List<LedgerEvent.NodeChanged> Nodes { get; init; } = [];

    public List<LedgerEvent.RoleChanged> Roles { get; init; } = [];

    public List<(JobKey Job, ImmutableArray<AttemptRef> Attempts)> Released { get; init; } = [];

    public ImmutableArray<LedgerEvent.PromiseEnded> Ended { get; init; } = [];

    public ImmutableArray<Reservation> Reserved { get; init; } = [];

    public ImmutableArray<Preemption> Preempted { get; init; } = [];

    public bool IsEmpty => Nodes.Count + Roles.Count + Released.Count + Ended.Length + Reserved.Length + Preempted.Length == 0;

    public void ApplyTo(Ledger ledger)
    {
        foreach (var node in Nodes) ledger.Apply(node);
        foreach (var role in Roles) ledger.Apply(role);
        foreach (var (job, attempts) in Released) ledger.Apply(new LedgerEvent.Released(job, attempts));
        foreach (var ended in Ended) ledger.Apply(ended);
        foreach (var reservation in Reserved) ledger.Apply(new LedgerEvent.Reserved(reservation));
        foreach (var preemption in Preempted) ledger.Apply(new LedgerEvent.Preempted(preemption));
    }
}

/// <summary>A journal with one owner at a time: whoever opens it takes it over, and entries of earlier owners are refused.</summary>
internal sealed class SimJournal(SimWorld world)
{
    private readonly List<SimChange> _entries = [];

    public long Epoch { get; private set; }

    /// <summary>Entries that were refused.</summary>
    public int Refused { get; private set; }

    public int Written { get; private set; }

    public (long Epoch, List<SimChange> Entries) Open() => (++Epoch, [.. _entries]);

    public bool Append(long epoch, SimChange change)
    {
        if (epoch != Epoch && !world.IsBroken(Broken.Fence))
        {
            Refused++;
            return false;
        }

        _entries.Add(change);
        Written++;
        world.Checker.Take(change);
        return true;
    }

    /// <summary>Replaces all entries by one that leads to the same.</summary>
    public void Compact(long epoch, SimChange snapshot)
    {
        if (epoch != Epoch) return;
        _entries.Clear();
        _entries.Add(snapshot);
    }

    public Ledger Recover(LedgerOptions options)
    {
        var ledger = new Ledger(options);
        foreach (var entry in _entries) entry.ApplyTo(ledger);
        return ledger;
    }
}
