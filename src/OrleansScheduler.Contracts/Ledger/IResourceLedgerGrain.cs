using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>
/// Owns every reservation of the cell and decides who gets what. Key: <see cref="Id"/>. Plans in rounds at its own pace and never waits
/// for another grain while it answers one.
/// </summary>
[Alias("osched.IResourceLedgerGrain")]
public interface IResourceLedgerGrain : IGrainWithStringKey
{
    /// <summary>The one key there is.</summary>
    const string Id = "cell";

    /// <summary>From a job: what it wants placed and what it has given back. Durable when it returns that it was taken.</summary>
    [Alias("Settle"), AlwaysInterleave]
    Task<ClaimAnswer> Settle(JobClaim claim, CancellationToken cancellationToken = default);

    /// <summary>
    /// From a job that is to change: whether it may count so much against production quotas. What was allowed counts from then on, which is
    /// durable when it returns. Answers why not, null when it may.
    /// </summary>
    [Alias("Admit"), AlwaysInterleave]
    Task<Problem?> Admit(JobKey job, Resources use, CancellationToken cancellationToken = default);

    /// <summary>From a node: what it is and whether it can take tasks. Durable when it returns; answers the ledger's epoch.</summary>
    [Alias("NodeChanged"), AlwaysInterleave]
    Task<long> NodeChanged(NodeCondition condition, CancellationToken cancellationToken = default);

    /// <summary>
    /// From a node that is lost: whether its tasks may be given up now. False while so many are lost that something else must be wrong;
    /// the node asks again.
    /// </summary>
    [Alias("MayReplace"), AlwaysInterleave]
    Task<bool> MayReplace(string node, CancellationToken cancellationToken = default);

    /// <summary>Epoch under which it decides now.</summary>
    [Alias("CurrentEpoch"), AlwaysInterleave]
    Task<long> CurrentEpoch(CancellationToken cancellationToken = default);

    /// <summary>
    /// From a node whose agent has obeyed <paramref name="seen"/>, which no ledger of this store has reached: from now on it decides under
    /// an epoch far above that. Durable when it returns.
    /// </summary>
    [Alias("Overtake"), AlwaysInterleave]
    Task Overtake(long seen, CancellationToken cancellationToken = default);

    /// <summary>Attempts that hold something on a node, by job.</summary>
    [Alias("HeldOn"), AlwaysInterleave]
    Task<ImmutableArray<HeldByJob>> HeldOn(string node, CancellationToken cancellationToken = default);

    /// <summary>Why instances of a job wait; null when the ledger has no demand of it.</summary>
    [Alias("Explain"), AlwaysInterleave]
    Task<ExplainView?> Explain(JobKey job, CancellationToken cancellationToken = default);

    /// <summary>What would become of the cell with these changes; nothing is changed.</summary>
    [Alias("WhatIf"), AlwaysInterleave, AskedOnce]
    Task<Answer<WhatIfView>> WhatIf(WhatIf change, CancellationToken cancellationToken = default);

    /// <summary>Gives a role a quota or a weight. Durable when it returns.</summary>
    [Alias("SetRole"), AlwaysInterleave]
    Task<Answer<RoleView>> SetRole(RoleCommand command, CancellationToken cancellationToken = default);

    /// <summary>All roles that have or want something, or were given a quota or a weight, in order of their paths.</summary>
    [Alias("ListRoles"), AlwaysInterleave]
    Task<ImmutableArray<RoleView>> ListRoles(CancellationToken cancellationToken = default);

    /// <summary>Sets something of a node aside for a role, or gives it back (dynamic reservations). Durable when it returns.</summary>
    [Alias("Reserve"), AlwaysInterleave]
    Task<Answer<NodeView>> Reserve(ReserveCommand command, CancellationToken cancellationToken = default);

    /// <summary>All nodes in order of their ids.</summary>
    [Alias("ListNodes"), AlwaysInterleave]
    Task<ImmutableArray<NodeView>> ListNodes(CancellationToken cancellationToken = default);

    /// <summary>Sums over the cell.</summary>
    [Alias("Summarise"), AlwaysInterleave]
    Task<LedgerSummary> Summarise(CancellationToken cancellationToken = default);

    /// <summary>Makes sure that the ledger is awake.</summary>
    [Alias("Wake"), AlwaysInterleave]
    Task Wake(CancellationToken cancellationToken = default);
}

/// <summary>What a job wants and holds.</summary>
[GenerateSerializer, Immutable, Alias("osched.JobClaim")]
public sealed record JobClaim
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Job { get; init; }

    /// <summary>
    /// What waits for nodes: replaces what was said before. Empty when nothing waits; null when that has not changed but by the ledger's
    /// own placements.
    /// </summary>
    [Id(1)] public ImmutableArray<Demand>? Demands { get; init; }

    /// <summary>Attempts that have ended: what they hold is free again.</summary>
    [Id(2)] public ImmutableArray<AttemptRef> Released { get; init; } = [];

    /// <summary>
    /// Every attempt that holds something; null when the claim does not say. A claim that says it says <see cref="Demands"/> too, and the
    /// ledger frees what is in neither.
    /// </summary>
    [Id(3)] public ImmutableArray<AttemptRef>? Holding { get; init; }

    /// <summary>Where it stands among the job's claims.</summary>
    [Id(4)] public ClaimStamp Stamp { get; init; }

    /// <summary>Whether the job takes <see cref="ClaimAnswer.Placements"/>; without it they come in a message of their own.</summary>
    [Id(5)] public bool TakesPlacements { get; init; }

    /// <summary>What the job counts against production quotas (<see cref="ProductionUse"/>).</summary>
    [Id(6)] public Resources Production { get; init; }
}

/// <summary>What the ledger makes of a claim.</summary>
/// <param name="Epoch">The ledger's epoch.</param>
/// <param name="Taken">False when the claim was late or made for an earlier owner of the ledger: the job says everything again.</param>
[GenerateSerializer, Immutable, Alias("osched.ClaimAnswer")]
public readonly record struct ClaimAnswer([property: Id(0)] long Epoch, [property: Id(1)] bool Taken)
{
    /// <summary>
    /// Nodes for what the claim asked for, as far as the same round had some: durable. They are not said again, but when the job says
    /// everything. Default without any.
    /// </summary>
    [Id(2)] public ImmutableArray<Placement> Placements { get; init; }
}

/// <summary>What a node tells the ledger about itself.</summary>
/// <param name="Description">What its agent said.</param>
/// <param name="Generation">Its session.</param>
/// <param name="Reachable">Whether its agent answers and its old tasks are accounted for.</param>
/// <param name="Mode">What operators set.</param>
[GenerateSerializer, Immutable, Alias("osched.NodeCondition")]
public sealed record NodeCondition(
    [property: Id(0)] NodeDescription Description, [property: Id(1)] long Generation, [property: Id(2)] bool Reachable,
    [property: Id(3)] MaintenanceMode Mode);

/// <summary>Attempts of one job that hold something.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempts">The attempts.</param>
[GenerateSerializer, Immutable, Alias("osched.HeldByJob")]
public sealed record HeldByJob([property: Id(0)] JobKey Job, [property: Id(1)] ImmutableArray<AttemptRef> Attempts);

/// <summary>Nodes for attempts of one job.</summary>
/// <param name="Job">The job.</param>
/// <param name="LedgerEpoch">Epoch of the ledger that decided.</param>
/// <param name="Placements">The attempts with their nodes.</param>
[GenerateSerializer, Immutable, Alias("osched.PlacementBatch")]
public sealed record PlacementBatch([property: Id(0)] JobKey Job, [property: Id(1)] long LedgerEpoch,
    [property: Id(2)] ImmutableArray<Placement> Placements);

/// <summary>Attempts of one job that make room.</summary>
/// <param name="Job">The job.</param>
/// <param name="LedgerEpoch">Epoch of the ledger that decided.</param>
/// <param name="Victims">The attempts, each with the one that gets its node.</param>
[GenerateSerializer, Immutable, Alias("osched.PreemptBatch")]
public sealed record PreemptBatch([property: Id(0)] JobKey Job, [property: Id(1)] long LedgerEpoch,
    [property: Id(2)] ImmutableArray<PreemptOrder> Victims);

/// <summary>An attempt that makes room.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Beneficiary">Who gets its node.</param>
[GenerateSerializer, Immutable, Alias("osched.PreemptOrder")]
public sealed record PreemptOrder([property: Id(0)] AttemptRef Attempt, [property: Id(1)] AttemptId Beneficiary);

/// <summary>Sums over the cell.</summary>
/// <param name="Epoch">Which owner of the ledger this is.</param>
/// <param name="NodesByStatus">Nodes by status.</param>
/// <param name="Capacity">Sum over reachable nodes.</param>
/// <param name="Used">What attempts hold.</param>
/// <param name="Placed">How many attempts hold something.</param>
/// <param name="Pending">How many wait.</param>
/// <param name="Silo">The silo that the ledger is on, <c>address:port</c>.</param>
[GenerateSerializer, Immutable, Alias("osched.LedgerSummary")]
public sealed record LedgerSummary(
    [property: Id(0)] long Epoch, [property: Id(1)] ImmutableSortedDictionary<string, int> NodesByStatus,
    [property: Id(2)] Resources Capacity,
    [property: Id(3)] Resources Used, [property: Id(4)] int Placed, [property: Id(5)] int Pending, [property: Id(6)] string Silo);
