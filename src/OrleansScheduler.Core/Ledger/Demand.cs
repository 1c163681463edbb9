namespace OrleansScheduler.Core;

/// <summary>Equal attempts of one job that wait for nodes.</summary>
[GenerateSerializer, Immutable, Alias("osched.Demand")]
public sealed record Demand
{
    /// <summary>Version of the job they are of; with the job's key it names the group.</summary>
    [Id(0)] public required int Version { get; init; }

    /// <summary>What each needs.</summary>
    [Id(1)] public required Resources Request { get; init; }

    /// <summary>How many ports each needs.</summary>
    [Id(2)] public int Ports { get; init; }

    /// <summary>Where each may go.</summary>
    [Id(3)] public ImmutableArray<Constraint> Constraints { get; init; } = [];

    /// <summary>Order within the role; higher goes first.</summary>
    [Id(4)] public int Priority { get; init; }

    /// <summary>Who may displace them.</summary>
    [Id(5)] public Tier Tier { get; init; }

    /// <summary>Since when the oldest of them waits.</summary>
    [Id(6)] public DateTimeOffset Since { get; init; }

    /// <summary>The attempts, in order of instances.</summary>
    [Id(7)] public required ImmutableArray<AttemptRef> Attempts { get; init; }

    /// <summary>What each needs besides.</summary>
    [Id(8)] public CustomRequest Custom { get; init; } = CustomRequest.None;

    /// <summary>Whether all of them get nodes in one round or none does.</summary>
    [Id(9)] public bool Gang { get; init; }

    /// <summary>How long one runs at most, for estimates and back-filling; null when that is not known.</summary>
    [Id(10)] public TimeSpan? TimeLimit { get; init; }
}

/// <summary>An attempt with its node.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Node">The node.</param>
/// <param name="Ports">Its ports there.</param>
[GenerateSerializer, Immutable, Alias("osched.Placement")]
public sealed record Placement([property: Id(0)] AttemptRef Attempt, [property: Id(1)] string Node,
    [property: Id(2)] ImmutableArray<int> Ports)
{
    /// <summary>Numbers of the GPUs it has there, from 0; with a share of a GPU, the one that it shares.</summary>
    [Id(3)] public ImmutableArray<int> Devices { get; init; } = [];

    /// <summary>Items of sets that it has there, as <c>set=item</c>.</summary>
    [Id(4)] public ImmutableArray<string> Items { get; init; } = [];

    /// <summary>Session of the node when it was chosen; once that session was lost, the attempt is not started there any more.</summary>
    [Id(5)] public long Generation { get; init; }
}
