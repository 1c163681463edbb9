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

    /// <summary>Attempts hold resources: what a plan decided, told again at recovery.</summary>
    /// <param name="Reservation">Who holds what where.</param>
    public sealed record Reserved(Reservation Reservation) : LedgerEvent;

    /// <summary>Attempts hold nothing any more. Attempts that hold nothing are passed over.</summary>
    /// <param name="Job">The job.</param>
    /// <param name="Attempts">The attempts.</param>
    public sealed record Released(JobKey Job, ImmutableArray<AttemptRef> Attempts) : LedgerEvent;
}

/// <summary>Equal attempts of one job that hold resources of one node.</summary>
/// <param name="Job">The job.</param>
/// <param name="Node">The node.</param>
/// <param name="Request">What each holds.</param>
/// <param name="Attempts">The attempts.</param>
/// <param name="Ports">Their ports: as many for each attempt, one attempt after the other.</param>
[GenerateSerializer, Immutable, Alias("osched.Reservation")]
public sealed record Reservation(
    [property: Id(0)] JobKey Job, [property: Id(1)] string Node, [property: Id(2)] Resources Request,
    [property: Id(3)] ImmutableArray<AttemptRef> Attempts, [property: Id(4)] ImmutableArray<int> Ports)
{
    /// <summary>Ports of the attempt at <paramref name="index"/>.</summary>
    public ImmutableArray<int> PortsOf(int index)
    {
        var each = Attempts.Length == 0 ? 0 : Ports.Length / Attempts.Length;
        return each == 0 ? [] : Ports.Slice(index * each, each);
    }
}

/// <summary>What a round of planning decided.</summary>
/// <param name="Reservations">New reservations, already counted in the ledger.</param>
/// <param name="Blocked">Groups that still wait after being looked at.</param>
/// <param name="HasMore">Whether the round ended before every group was looked at.</param>
/// <param name="LongestWait">How long the oldest of those that still wait has waited; zero when none does.</param>
public sealed record LedgerPlan(ImmutableArray<Reservation> Reservations, int Blocked, bool HasMore, TimeSpan LongestWait)
{
    /// <summary>Attempts that got a node.</summary>
    public int Placed => Reservations.Sum(r => r.Attempts.Length);
}
