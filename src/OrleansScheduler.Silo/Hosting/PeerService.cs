using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace OrleansScheduler.Silo;

/// <summary>What silos ask each other directly.</summary>
[Alias("osched.IPeerService")]
internal interface IPeerService : IGrainService
{
    /// <summary>Whether the asked silo counts <paramref name="silo"/> as active.</summary>
    [Alias("Sees"), AlwaysInterleave]
    Task<bool> Sees(SiloAddress silo);
}

/// <summary>Answers other silos.</summary>
[Reentrant]
internal sealed class PeerService(
    GrainId grainId, Orleans.Runtime.Silo silo, ILoggerFactory loggers, IClusterMembershipService membership)
    : GrainService(grainId, silo, loggers), IPeerService
{
    /// <inheritdoc/>
    public Task<bool> Sees(SiloAddress silo) =>
        Task.FromResult(membership.CurrentSnapshot.Members.TryGetValue(silo, out var member) && member.Status == SiloStatus.Active);
}

/// <summary>Asks other silos.</summary>
internal sealed class PeerClient(IServiceProvider services) : GrainServiceClient<IPeerService>(services)
{
    /// <summary>Whether <paramref name="peer"/> answers in time and counts <paramref name="silo"/> as active.</summary>
    public async Task<bool> Sees(SiloAddress peer, SiloAddress silo, TimeSpan patience, TimeProvider time)
    {
        try
        {
            return await GetGrainService(peer).Sees(silo).WaitAsync(patience, time);
        }
        catch (Exception)
        {
            return false;   // whatever the reason, it does not vouch
        }
    }
}
