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
}

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
