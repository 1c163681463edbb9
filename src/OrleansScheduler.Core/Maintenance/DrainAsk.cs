namespace OrleansScheduler.Core;

/// <summary>A node's request to a job that has something there.</summary>
/// <param name="Node">The node.</param>
/// <param name="DefaultSla">What is left running of the job if it has no SLA of its own; null for nothing.</param>
/// <param name="Deadline">When they will not count any more; null for never.</param>
[GenerateSerializer, Immutable, Alias("osched.DrainAsk")]
public sealed record DrainAsk(
    [property: Id(0)] string Node, [property: Id(1)] SlaPolicy? DefaultSla, [property: Id(2)] DateTimeOffset? Deadline);

/// <summary>What a job makes of it.</summary>
/// <param name="Held">Instances that it does not let go yet.</param>
/// <param name="Leaving">How many there are being stopped.</param>
[GenerateSerializer, Immutable, Alias("osched.DrainAnswer")]
public sealed record DrainAnswer([property: Id(0)] ImmutableArray<HeldInstance> Held, [property: Id(1)] int Leaving);

/// <summary>An instance that holds up the maintenance of its node.</summary>
[GenerateSerializer, Immutable, Alias("osched.HeldInstance")]
public sealed record HeldInstance
{
    /// <summary>Its job.</summary>
    [Id(0)] public required JobKey Job { get; init; }

    /// <summary>Its number.</summary>
    [Id(1)] public required int Instance { get; init; }

    /// <summary>Why it may not be stopped, a sentence for people.</summary>
    [Id(2)] public required string Reason { get; init; }

    /// <summary>When it may for certain if nothing else changes; null when that is not known.</summary>
    [Id(3)] public DateTimeOffset? Until { get; init; }

    /// <summary>Who is asked about it; null when nobody is.</summary>
    [Id(4)] public string? Coordinator { get; init; }
}

/// <summary>How far a node's maintenance has got: who holds it up, why and until when.</summary>
[GenerateSerializer, Immutable, Alias("osched.DrainView")]
public sealed record DrainView
{
    /// <summary>The node.</summary>
    [Id(0)] public required string Node { get; init; }

    /// <summary>Its mode.</summary>
    [Id(1)] public MaintenanceMode Mode { get; init; }

    /// <summary>What is left running of services without an SLA of their own, in words; null for nothing.</summary>
    [Id(2)] public string? DefaultSla { get; init; }

    /// <summary>When it begins to drain; null when it drains or when nobody has said.</summary>
    [Id(3)] public DateTimeOffset? From { get; init; }

    /// <summary>When it is back by itself; null for never.</summary>
    [Id(4)] public DateTimeOffset? Until { get; init; }

    /// <summary>When what is left is stopped by force; null for never.</summary>
    [Id(5)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>Whether SLAs do not count (any more).</summary>
    [Id(6)] public bool Force { get; init; }

    /// <summary>How many attempts it still has.</summary>
    [Id(7)] public int Tasks { get; init; }

    /// <summary>How many of them were being stopped when their jobs were asked the last time.</summary>
    [Id(8)] public int Leaving { get; init; }

    /// <summary>
    /// Instances that their jobs did not let go when they were asked the last time. At most <see cref="MostHeld"/>. Empty for some seconds
    /// after the node's owner has changed.
    /// </summary>
    [Id(9)] public ImmutableArray<HeldInstance> Held { get; init; } = [];

    /// <summary>When the jobs were asked the last time; null when they were not yet.</summary>
    [Id(10)] public DateTimeOffset? AskedAt { get; init; }

    /// <summary>Instances beyond these are not listed.</summary>
    public const int MostHeld = 1_000;
}
