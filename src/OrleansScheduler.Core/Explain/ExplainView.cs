namespace OrleansScheduler.Core;

/// <summary>Why instances of a job wait.</summary>
[GenerateSerializer, Immutable, Alias("osched.ExplainView")]
public sealed record ExplainView
{
    /// <summary>The job.</summary>
    [Id(0)] public required JobKey Key { get; init; }

    /// <summary>One sentence that answers the question.</summary>
    [Id(1)] public required string Summary { get; init; }

    /// <summary>One entry per group of equal instances that wait for a node; empty when none does.</summary>
    [Id(2)] public ImmutableArray<PendingGroup> Groups { get; init; } = [];
}

/// <summary>Equal instances that wait for a node, and why.</summary>
[GenerateSerializer, Immutable, Alias("osched.PendingGroup")]
public sealed record PendingGroup
{
    /// <summary>Version of the job they are of.</summary>
    [Id(0)] public int Version { get; init; }

    /// <summary>How many wait.</summary>
    [Id(1)] public int Waiting { get; init; }

    /// <summary>Since when the group waits.</summary>
    [Id(2)] public DateTimeOffset Since { get; init; }

    /// <summary>What each of them needs.</summary>
    [Id(3)] public Resources Request { get; init; }

    /// <summary>Ports each of them needs.</summary>
    [Id(4)] public int Ports { get; init; }

    /// <summary>Its place in the queue, from 1.</summary>
    [Id(5)] public int Position { get; init; }

    /// <summary>
    /// Nodes by the first reason that rules them out, most frequent first; the counts add up to all nodes that do not fit.
    /// </summary>
    [Id(6)] public ImmutableArray<ReasonCount> Reasons { get; init; } = [];

    /// <summary>The node that misses by least; null when no node is only short of resources.</summary>
    [Id(7)] public NearestMiss? Nearest { get; init; }

    /// <summary>
    /// What holds the whole group back though single nodes may fit, see <see cref="Reasons"/>: quota, a gang that is not complete, a node
    /// that is being freed for it. Null when nothing does.
    /// </summary>
    [Id(8)] public ReasonCount? Held { get; init; }

    /// <summary>Where its role stands.</summary>
    [Id(9)] public RoleStanding? Role { get; init; }

    /// <summary>
    /// The cheapest tasks whose preemption would make room for one of them; empty when none may be preempted or none need be.
    /// </summary>
    [Id(10)] public PreemptionProposal? Preemption { get; init; }

    /// <summary>
    /// When the first of them can start at the latest, from the time limits of what runs now; null when what is in the way has none.
    /// </summary>
    [Id(11)] public DateTimeOffset? EstimatedStart { get; init; }
}

/// <summary>A role's part of the cell.</summary>
/// <param name="Role">Role path.</param>
/// <param name="Share">Its dominant share by its weight: the largest part it has of any resource. The smallest goes first.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Allocated">What it and the roles below it have.</param>
/// <param name="Consumed">What counts against its quota: reservations, and what it has besides.</param>
/// <param name="Quota">Its quota; null when it has none.</param>
/// <param name="Position">Its place among roles that wait, from 1; 0 when it does not wait.</param>
[GenerateSerializer, Immutable, Alias("osched.RoleStanding")]
public sealed record RoleStanding(
    [property: Id(0)] string Role, [property: Id(1)] double Share, [property: Id(2)] double Weight, [property: Id(3)] Resources Allocated,
    [property: Id(4)] Resources Consumed, [property: Id(5)] Quota? Quota, [property: Id(6)] int Position);

/// <summary>Who would have to make room, and where.</summary>
/// <param name="Node">The node.</param>
/// <param name="Victims">The attempts that would be stopped.</param>
/// <param name="LostCpuSeconds">Work that would be lost: cpu-seconds since they were placed.</param>
[GenerateSerializer, Immutable, Alias("osched.PreemptionProposal")]
public sealed record PreemptionProposal(
    [property: Id(0)] string Node, [property: Id(1)] ImmutableArray<AttemptId> Victims, [property: Id(2)] double LostCpuSeconds);

/// <summary>How many nodes one reason rules out.</summary>
/// <param name="Code">Stable code, see <see cref="Reasons"/>.</param>
/// <param name="Nodes">How many nodes.</param>
/// <param name="Message">The reason in words.</param>
[GenerateSerializer, Immutable, Alias("osched.ReasonCount")]
public sealed record ReasonCount([property: Id(0)] string Code, [property: Id(1)] int Nodes, [property: Id(2)] string Message);

/// <summary>The node that misses by least, and by what.</summary>
/// <param name="Node">The node.</param>
/// <param name="Dimension"><c>cpu</c>, <c>memory</c>, <c>disk</c>, <c>gpus</c> or <c>ports</c>.</param>
/// <param name="Need">What is asked for, with its unit.</param>
/// <param name="Have">What the node has free, with its unit.</param>
[GenerateSerializer, Immutable, Alias("osched.NearestMiss")]
public sealed record NearestMiss([property: Id(0)] string Node, [property: Id(1)] string Dimension, [property: Id(2)] string Need,
    [property: Id(3)] string Have);
