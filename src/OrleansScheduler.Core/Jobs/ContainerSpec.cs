namespace OrleansScheduler.Core;

/// <summary>What network a container has.</summary>
public enum ContainerNetwork
{
    /// <summary>The node's own.</summary>
    Host,

    /// <summary>None but a loopback of its own.</summary>
    None,

    /// <summary>One of its own, with the task's ports passed on to it.</summary>
    Bridge,
}

/// <summary>What a container has besides what every task has.</summary>
[GenerateSerializer, Immutable, Alias("osched.ContainerSpec")]
public sealed record ContainerSpec
{
    /// <summary>Its network. Default the node's.</summary>
    [Id(0)] public ContainerNetwork Network { get; init; }

    /// <summary>With a bridge: which port inside each named port of the task is. Default the same number as outside.</summary>
    [Id(1)] public ImmutableSortedDictionary<string, int> Ports { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>What of the node it sees.</summary>
    [Id(2)] public ImmutableArray<VolumeSpec> Volumes { get; init; } = [];

    /// <summary>The program instead of the image's entrypoint; the command follows it. Empty for the image's.</summary>
    [Id(3)] public ImmutableArray<string> Entrypoint { get; init; } = [];

    /// <summary>Where it starts; null for what the image says.</summary>
    [Id(4)] public string? WorkingDirectory { get; init; }

    /// <summary>Whether its root cannot be written to.</summary>
    [Id(5)] public bool ReadOnly { get; init; }

    /// <summary>Capabilities that it has although containers have none by default, such as <c>NET_BIND_SERVICE</c>.</summary>
    [Id(6)] public ImmutableArray<string> Capabilities { get; init; } = [];

    /// <summary>Structural equality.</summary>
    public bool Equals(ContainerSpec? other) => other is not null && SpecEquality.Equal(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Network, Ports.Count, Volumes.Length, Entrypoint.Length, WorkingDirectory, ReadOnly);
}

/// <summary>A directory or file of the node, or a volume of the engine, in a container.</summary>
/// <param name="Source">Absolute path on the node, or the name of a volume.</param>
/// <param name="Target">Absolute path in the container.</param>
/// <param name="ReadOnly">Whether it cannot be written to.</param>
[GenerateSerializer, Immutable, Alias("osched.VolumeSpec")]
public sealed record VolumeSpec([property: Id(0)] string Source, [property: Id(1)] string Target, [property: Id(2)] bool ReadOnly)
{
    /// <summary>Whether the source is a path of the node, rather than the name of a volume.</summary>
    public bool IsPath => Source.StartsWith('/');
}
