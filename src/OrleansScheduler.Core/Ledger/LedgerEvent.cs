namespace OrleansScheduler.Core;

/// <summary>A fact that the ledger is told.</summary>
public abstract record LedgerEvent
{
    /// <summary>A node exists, has changed, or can (not) take tasks now.</summary>
    /// <param name="Description">What its agent said.</param>
    /// <param name="Generation">Its session; older sessions change nothing.</param>
    /// <param name="Reachable">Whether its agent answers.</param>
    /// <param name="Mode">What operators set.</param>
    public sealed record NodeChanged(NodeDescription Description, long Generation, bool Reachable, MaintenanceMode Mode) : LedgerEvent;

    /// <summary>What of a job waits for nodes; replaces what waited before.</summary>
    /// <param name="Job">The job.</param>
    /// <param name="Demands">Its groups; empty when nothing waits.</param>
    public sealed record Demanded(JobKey Job, ImmutableArray<Demand> Demands) : LedgerEvent;

    /// <summary>A node is gone for good. Nothing changes while attempts hold something of it.</summary>
    /// <param name="Node">The node.</param>
    public sealed record NodeRemoved(string Node) : LedgerEvent;

    /// <summary>A role has another quota or weight.</summary>
    /// <param name="Role">Role path.</param>
    /// <param name="Quota">Its quota; null for none.</param>
    /// <param name="Weight">Its weight, above zero.</param>
    public sealed record RoleChanged(string Role, Quota? Quota, double Weight) : LedgerEvent;

    /// <summary>Free capacity of a node is set aside for a role, or given back (dynamic reservations).</summary>
    /// <param name="Node">The node.</param>
    /// <param name="Role">Role path.</param>
    /// <param name="Amount">How much is set aside for it after the event, in all.</param>
    public sealed record NodeReserved(string Node, string Role, Resources Amount) : LedgerEvent;

    /// <summary>Attempts are being stopped for one that waits: what a plan decided, told again at recovery.</summary>
    /// <param name="Preemption">Who, where, for whom.</param>
    public sealed record Preempted(Preemption Preemption) : LedgerEvent;

    /// <summary>A promise is taken back: the attempt waits again.</summary>
    /// <param name="Job">Its job.</param>
    /// <param name="Attempt">The attempt.</param>
    public sealed record PromiseEnded(JobKey Job, AttemptRef Attempt) : LedgerEvent;

    /// <summary>Attempts hold resources: what a plan decided, told again at recovery.</summary>
    /// <param name="Reservation">Who holds what where.</param>
    public sealed record Reserved(Reservation Reservation) : LedgerEvent;

    /// <summary>Attempts hold nothing any more. Attempts that hold nothing are passed over.</summary>
    /// <param name="Job">The job.</param>
    /// <param name="Attempts">The attempts.</param>
    public sealed record Released(JobKey Job, ImmutableArray<AttemptRef> Attempts) : LedgerEvent;
}
