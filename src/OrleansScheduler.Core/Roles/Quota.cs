namespace OrleansScheduler.Core;

/// <summary>A dimension of <see cref="Resources"/>.</summary>
public enum Dimension
{
    /// <summary>Thousandths of a core.</summary>
    Cpu,

    /// <summary>MiB of memory.</summary>
    Memory,

    /// <summary>MiB of disk.</summary>
    Disk,

    /// <summary>Thousandths of a GPU.</summary>
    Gpu,
}

/// <summary>The most that may be used, by dimension; null is no limit.</summary>
/// <param name="CpuMillis">Thousandths of a core.</param>
/// <param name="MemoryMiB">Memory in MiB.</param>
/// <param name="DiskMiB">Sandbox disk in MiB.</param>
/// <param name="GpuMillis">Thousandths of a GPU.</param>
[GenerateSerializer, Immutable, Alias("osched.ResourceLimit")]
public readonly record struct ResourceLimit(
    [property: Id(0)] long? CpuMillis, [property: Id(1)] long? MemoryMiB,
    [property: Id(2)] long? DiskMiB, [property: Id(3)] long? GpuMillis)
{
    /// <summary>No limit in any dimension.</summary>
    public static ResourceLimit None => default;

    /// <summary>Exactly so much in every dimension.</summary>
    public static ResourceLimit Of(in Resources most) => new(most.CpuMillis, most.MemoryMiB, most.DiskMiB, most.GpuMillis);

    /// <summary>The limits as amounts; without a limit, the largest number there is.</summary>
    internal Resources OrLargest => new(
        CpuMillis ?? long.MaxValue, MemoryMiB ?? long.MaxValue, DiskMiB ?? long.MaxValue, GpuMillis ?? long.MaxValue);
}

/// <summary>What a role and all below it may use at least and at most.</summary>
[GenerateSerializer, Immutable, Alias("osched.Quota")]
public sealed record Quota
{
    /// <summary>The largest number that may be guaranteed, so that sums over thousands of roles stay exact.</summary>
    public const long Largest = 1L << 50;

    /// <summary>Kept available for the role, whether it asks or not. A dimension of zero promises nothing.</summary>
    [Id(0)] public Resources Guarantee { get; init; }

    /// <summary>Never exceeded, reservations included.</summary>
    [Id(1)] public ResourceLimit Limit { get; init; }

    /// <summary>
    /// The most that jobs of the preferred tier may ask for, counted when they are submitted (<see cref="ProductionUse"/>): cpu, memory and
    /// disk, all three. Null for no such bound. What is above <see cref="Limit"/> waits; what is above this is refused.
    /// </summary>
    [Id(2)] public ResourceLimit? Production { get; init; }

    /// <summary>What is wrong with the numbers themselves; null when nothing is.</summary>
    public Problem? Check()
    {
        if (!Guarantee.IsNonNegative) return Invalid("quota-negative", $"A guarantee is zero or more in every dimension, not {Guarantee}.");
        if (!Guarantee.FitsInto(new(Largest, Largest, Largest, Largest)))
            return Invalid("quota-too-large", $"A guarantee is {Largest} or less in every dimension, not {Guarantee}.");
        if (Production is { } production)
        {
            if (production is not { CpuMillis: not null, MemoryMiB: not null, DiskMiB: not null, GpuMillis: null })
                return Invalid("quota-production-incomplete", "A production quota names cpu, memory and disk, and nothing else.");
            if (!production.OrLargest.IsNonNegative)
                return Invalid("quota-negative", $"A production quota is zero or more in every dimension, not {production}.");
        }

        var limit = Limit.OrLargest;
        if (!limit.IsNonNegative) return Invalid("quota-negative", $"A limit is zero or more in every dimension, not {limit}.");
        return Guarantee.FitsInto(limit)
            ? null
            : Invalid("quota-guarantee-above-limit", $"The guarantee ({Guarantee}) is more than the limit in some dimension.");
    }

    private static Problem Invalid(string code, string message) => Problem.Of(ProblemKind.Invalid, code, message);
}
