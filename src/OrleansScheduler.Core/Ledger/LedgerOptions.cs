namespace OrleansScheduler.Core;

/// <summary>How nodes are ordered.</summary>
public enum PlacementPolicy
{
    /// <summary>
    /// Nodes are filled one after the other, so that large tasks find room. Where there are GPUs, what counts is how much of them a
    /// placement leaves unusable for the tasks that usually come; elsewhere it is best fit.
    /// </summary>
    Pack,

    /// <summary>Best fit over all dimensions, GPUs like any other.</summary>
    BestFit,

    /// <summary>Worst fit: load is spread over all nodes.</summary>
    Spread,
}

/// <summary>What a cell decides about its ledger.</summary>
public sealed record LedgerOptions
{
    /// <summary>How nodes are ordered. Default <see cref="PlacementPolicy.Pack"/>.</summary>
    public PlacementPolicy Policy { get; init; } = PlacementPolicy.Pack;

    /// <summary>How long a group waits at least before others are stopped for it. Default 10 s; Aurora's is 3 min.</summary>
    public TimeSpan PreemptAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long victims have to go before the promise made to the one that waits is taken back. Default 5 min.</summary>
    public TimeSpan PromiseFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a group waits at least before a node is kept free for it. Default 30 s.</summary>
    public TimeSpan HoldAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a node is kept free at most; then others get it for as long. Default 5 min.</summary>
    public TimeSpan HoldFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Largest part of the nodes that is kept free for those that wait, as a divisor: 1 of so many, one at least. Default 20.
    /// </summary>
    public int HoldOneOf { get; init; } = 20;

    /// <summary>Most preemptions that one round decides. Default 16.</summary>
    public int PreemptionsPerRound { get; init; } = 16;

    /// <summary>Most attempts that may wait in the whole cell. Default 1,000,000.</summary>
    public int MaxWaiting { get; init; } = 1_000_000;

    /// <summary>Most attempts that may wait in one role, without the roles below it. Default 500,000.</summary>
    public int MaxWaitingPerRole { get; init; } = 500_000;

    /// <summary>How wide the search looks. Default what the machine does best.</summary>
    internal VectorWidth Width { get; init; } = NodeScan.Widest;
}
