namespace OrleansScheduler.Silo;

/// <summary>
/// One durable change of the ledger: an entry of its journal. A snapshot is the change that leads from nothing to everything. Order
/// within: nodes, releases, reservations.
/// </summary>
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

    public bool IsEmpty => Nodes.IsEmpty && Released.IsEmpty && Reserved.IsEmpty && Waiting.IsEmpty && Settled.IsEmpty;
}
