namespace OrleansScheduler.Core;

/// <summary>What a cell counts besides cpu, memory, disk, GPUs and ports: amounts and named items of its own choosing.</summary>
/// <remarks>Mesos' custom scalars and sets. Names are like the parts of a job key.</remarks>
[GenerateSerializer, Immutable, Alias("osched.CustomCapacity")]
public sealed record CustomCapacity
{
    /// <summary>Nothing of the kind.</summary>
    public static CustomCapacity None { get; } = new();

    /// <summary>Divisible amounts by name, in thousandths.</summary>
    [Id(0)] public ImmutableSortedDictionary<string, long> Scalars { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Named items by the name of their set; an item has one holder at a time.</summary>
    [Id(1)]
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Sets { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;
}

/// <summary>What a task asks for of <see cref="CustomCapacity"/>.</summary>
[GenerateSerializer, Immutable, Alias("osched.CustomRequest")]
public sealed record CustomRequest
{
    /// <summary>Nothing of the kind.</summary>
    public static CustomRequest None { get; } = new();

    /// <summary>Amounts by name, in thousandths, at least 1.</summary>
    [Id(0)] public ImmutableSortedDictionary<string, long> Scalars { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>How many items of each set, at least 1.</summary>
    [Id(1)] public ImmutableSortedDictionary<string, int> Sets { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>Whether it asks for nothing.</summary>
    public bool IsEmpty => Scalars.IsEmpty && Sets.IsEmpty;

    /// <summary>Structural equality.</summary>
    public bool Equals(CustomRequest? other) =>
        other is not null && (ReferenceEquals(this, other) || (Scalars.SequenceEqual(other.Scalars) && Sets.SequenceEqual(other.Sets)));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Scalars.Count, Sets.Count);
}
