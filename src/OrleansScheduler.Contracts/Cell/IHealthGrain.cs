using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>What the silo that answers lacks just now. Key: 0.</summary>
[Alias("osched.IHealthGrain")]
public interface IHealthGrain : IGrainWithIntegerKey
{
    /// <summary>The silo's health.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<SiloHealth> Describe(CancellationToken cancellationToken = default);
}

/// <summary>What a silo lacks.</summary>
/// <param name="StorageAway">How long its storage has not answered; null when it does.</param>
[GenerateSerializer, Immutable, Alias("osched.SiloHealth")]
public sealed record SiloHealth([property: Id(0)] TimeSpan? StorageAway)
{
    /// <summary>How long the membership table has not answered it; null when it does.</summary>
    [Id(1)] public TimeSpan? MembershipAway { get; init; }
}
