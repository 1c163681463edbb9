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

    /// <summary>Whether the asked silo gets an answer from <paramref name="silo"/>.</summary>
    [Alias("Reaches"), AlwaysInterleave]
    Task<bool> Reaches(SiloAddress silo);
}

/// <summary>What a silo can learn from others.</summary>
internal interface IPeers
{
    /// <summary>Whether <paramref name="peer"/> answers in time and counts <paramref name="silo"/> as active.</summary>
    Task<bool> Sees(SiloAddress peer, SiloAddress silo, TimeSpan patience);

    /// <summary>Whether <paramref name="peer"/> answers in time and gets an answer from <paramref name="silo"/> itself.</summary>
    Task<bool> Reaches(SiloAddress peer, SiloAddress silo, TimeSpan patience);

    /// <summary>Whether <paramref name="peer"/> can be connected to in time, however busy it is.</summary>
    Task<bool> Accepts(SiloAddress peer, TimeSpan patience);
}

/// <summary>Answers other silos.</summary>
[Reentrant]
internal sealed class PeerService(
    GrainId grainId, Orleans.Runtime.Silo silo, ILoggerFactory loggers, IClusterMembershipService membership, IPeers peers)
    : GrainService(grainId, silo, loggers), IPeerService
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public Task<bool> Sees(SiloAddress silo) =>
        Task.FromResult(membership.CurrentSnapshot.Members.TryGetValue(silo, out var member) && member.Status == SiloStatus.Active);

    /// <inheritdoc/>
    public Task<bool> Reaches(SiloAddress silo) => peers.Sees(silo, silo, Patience);
}

/// <summary>Asks other silos.</summary>
internal sealed class PeerClient(IServiceProvider services, TimeProvider time) : GrainServiceClient<IPeerService>(services), IPeers
{
    /// <inheritdoc/>
    public Task<bool> Sees(SiloAddress peer, SiloAddress silo, TimeSpan patience) => Ask(service => service.Sees(silo), peer, patience);

    /// <inheritdoc/>
    public Task<bool> Reaches(SiloAddress peer, SiloAddress silo, TimeSpan patience) =>
        Ask(service => service.Reaches(silo), peer, patience);

    /// <inheritdoc/>
    public Task<bool> Accepts(SiloAddress peer, TimeSpan patience) => EndpointProbe.Accepts(peer.Endpoint, patience);

    private async Task<bool> Ask(Func<IPeerService, Task<bool>> question, SiloAddress peer, TimeSpan patience)
    {
        try
        {
            return await question(GetGrainService(peer)).WaitAsync(patience, time);
        }
        catch (Exception)
        {
            return false;   // whatever the reason, it does not vouch
        }
    }
}
