namespace OrleansScheduler.Core;

/// <summary>Upper bounds by dimension; a dimension that is null has none.</summary>
/// <param name="CpuMillis">Thousandths of a core.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
/// <param name="DiskMiB">Sandbox disk in MiB.</param>
/// <param name="GpuMillis">Thousandths of a GPU.</param>
[GenerateSerializer, Immutable, Alias("osched.ResourceLimit")]
public readonly record struct ResourceLimit(
    [property: Id(0)] long? CpuMillis, [property: Id(1)] long? MemoryMiB, [property: Id(2)] long? DiskMiB,
    [property: Id(3)] long? GpuMillis);

/// <summary>What a role and those below it are sure to get, and what they never exceed.</summary>
[GenerateSerializer, Immutable, Alias("osched.Quota")]
public sealed record Quota
{
    /// <summary>What is kept free for the role as long as it uses less. Default nothing.</summary>
    [Id(0)] public Resources Guarantee { get; init; }

    /// <summary>What the role never exceeds. Default no bound.</summary>
    [Id(1)] public ResourceLimit Limit { get; init; }
}
