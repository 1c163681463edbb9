namespace OrleansScheduler.Silo;

/// <summary>
/// One durable change of the ledger: an entry of its journal. A snapshot is the change that leads from nothing to everything.
/// </summary>
/// <remarks>
/// Order within: nodes, roles, what is set aside of nodes, releases, ends of promises, reservations, preemptions. So a promise that was
/// taken back may be followed by another one or by a reservation for the same attempt, and a reservation replaces the promise it keeps.
/// </remarks>
[GenerateSerializer, Immutable, Alias("osched.LedgerChange")]
internal sealed record LedgerChange
{
    [Id(0)]
    public ImmutableArray<NodeCondition> Nodes { get; init; } = [];

    [Id(1)]
    public ImmutableArray<HeldByJob> Released { get; init; } = [];

    [Id(2)]
    public ImmutableArray<Reservation> Reserved { get; init; } = [];

    /// <summary>Jobs that have demand from now on: a new owner asks them for it.</summary>
    [Id(3)]
    public ImmutableArray<JobKey> Waiting { get; init; } = [];

    /// <summary>Jobs that have none any more.</summary>
    [Id(4)]
    public ImmutableArray<JobKey> Settled { get; init; } = [];

    /// <summary>Roles that have another quota or weight.</summary>
    [Id(5)]
    public ImmutableArray<RoleSetting> Roles { get; init; } = [];

    /// <summary>What is set aside of nodes for roles.</summary>
    [Id(6)]
    public ImmutableArray<NodeReservation> NodeReservations { get; init; } = [];

    /// <summary>Attempts that are stopped, and for whom.</summary>
    [Id(7)]
    public ImmutableArray<Preemption> Preempted { get; init; } = [];

    /// <summary>Attempts whose promises were taken back.</summary>
    [Id(8)]
    public ImmutableArray<AttemptId> PromisesEnded { get; init; } = [];

    /// <summary>Operations of users that were answered.</summary>
    [Id(9)]
    public ImmutableArray<LedgerOperation> Operations { get; init; } = [];

    /// <summary>What is added to the journal's epoch from now on; 0 for no change. Grows when the store was found to be too old.</summary>
    [Id(10)]
    public long EpochBase { get; init; }

    /// <summary>Jobs that count something else against production quotas from now on.</summary>
    [Id(11)]
    public ImmutableArray<JobUse> Production { get; init; } = [];

    public bool IsEmpty => Nodes.IsEmpty && Released.IsEmpty && Reserved.IsEmpty && Waiting.IsEmpty && Settled.IsEmpty && Roles.IsEmpty
        && NodeReservations.IsEmpty && Preempted.IsEmpty && PromisesEnded.IsEmpty && Operations.IsEmpty
        && Production.IsEmpty && EpochBase == 0;

    /// <summary>Everything that a ledger knows and that has to survive.</summary>
    public static LedgerChange Everything(
        Ledger ledger, IEnumerable<JobKey> waiting, IEnumerable<LedgerOperation> operations, IEnumerable<JobUse> production,
        long epochBase) => new()
        {
            EpochBase = epochBase,
            Nodes = [.. ledger.Nodes().Select(n => new NodeCondition(n.Description, n.Generation, n.Reachable, n.Mode))],
            Roles = [.. ledger.RoleSettings().Select(r => new RoleSetting(r.Role, r.Quota, r.Weight))],
            NodeReservations = [.. ledger.NodeReservations().Select(r => new NodeReservation(r.Node, r.Role, r.Amount))],
            Reserved = [.. ledger.Reservations()],
            Preempted = [.. ledger.Preemptions],
            Waiting = [.. waiting],
            Operations = [.. operations],
            Production = [.. production],
        };

    /// <summary>Tells a ledger all of it.</summary>
    public void ApplyTo(Ledger ledger)
    {
        foreach (var node in Nodes) ledger.Apply(LedgerRound.ToEvent(node));
        foreach (var role in Roles) ledger.Apply(new LedgerEvent.RoleChanged(role.Role, role.Quota, role.Weight));
        foreach (var r in NodeReservations) ledger.Apply(new LedgerEvent.NodeReserved(r.Node, r.Role, r.Amount));
        foreach (var released in Released) ledger.Apply(new LedgerEvent.Released(released.Job, released.Attempts));
        foreach (var end in PromisesEnded) ledger.Apply(new LedgerEvent.PromiseEnded(end.Job, new(end.Instance, end.Number)));
        foreach (var reservation in Reserved) ledger.Apply(new LedgerEvent.Reserved(Complete(reservation)));
        foreach (var preemption in Preempted) ledger.Apply(new LedgerEvent.Preempted(preemption));
    }

    /// <summary>Journals of 0.1 do not say what the ledger has learned since: such fields are missing, not empty.</summary>
    private static Reservation Complete(Reservation read) => read with
    {
        Devices = read.Devices.IsDefault ? [] : read.Devices,
        Items = read.Items.IsDefault ? [] : read.Items,
        Constraints = read.Constraints.IsDefault ? [] : read.Constraints,
        Custom = read.Custom ?? CustomRequest.None,
    };
}

/// <summary>What a job counts against production quotas.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobUse")]
internal sealed record JobUse([property: Id(0)] JobKey Job, [property: Id(1)] Resources Use);

/// <summary>A role's quota and weight.</summary>
[GenerateSerializer, Immutable, Alias("osched.RoleSetting")]
internal sealed record RoleSetting([property: Id(0)] string Role, [property: Id(1)] Quota? Quota, [property: Id(2)] double Weight);

/// <summary>What is set aside of a node for a role, in all.</summary>
[GenerateSerializer, Immutable, Alias("osched.NodeReservation")]
internal sealed record NodeReservation([property: Id(0)] string Node, [property: Id(1)] string Role, [property: Id(2)] Resources Amount);
