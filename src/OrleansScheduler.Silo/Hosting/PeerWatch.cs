using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Ends a split between two silos: when this one and an older one cannot talk to each other for a while, and a third can talk to both,
/// this one ends. It cannot join again before it reaches all others.
/// </summary>
/// <remarks>
/// Orleans lets such a pair be: a third silo that reaches both vouches for each (<c>EnableIndirectProbes</c>), which is right for a moment
/// of trouble, and leaves calls between the two unanswered for as long as it lasts. Without a third silo the membership decides, and with
/// one that reaches only one of the two as well. A peer that accepts connections is busy rather than cut off, so it has longer: to end
/// because of it, and begin once more, would take the processors from the one that is short of them.
/// </remarks>
internal sealed partial class PeerWatch(
    IClusterMembershipService membership, ILocalSiloDetails self, IPeers peers, IFatalErrorHandler end, TimeProvider time,
    ILogger<PeerWatch> logger) : BackgroundService
{
    /// <summary>How long a silence lasts before one of the two ends: longer than the membership needs for a silo that is gone.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>The same when connections are accepted: then one that was made before may be stuck, and nothing else mends that.</summary>
    public static readonly TimeSpan BusyLimit = TimeSpan.FromSeconds(15);

    /// <summary>How often the others are asked.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan IndirectPatience = TimeSpan.FromSeconds(2);
    private readonly Dictionary<SiloAddress, Peer> _peers = [];
    private long _looked = time.GetTimestamp();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (await CutOff() is not { } peer) continue;
            end.OnFatalException(this, $"Silo {peer} has not answered this one for {Limit.TotalSeconds} s; others reach both.", null);
            return;
        }
    }

    /// <summary>
    /// Asks once: an older silo that this one has not reached for <see cref="Limit"/>, or <see cref="BusyLimit"/>, while another does; null
    /// for none.
    /// </summary>
    internal async Task<SiloAddress?> CutOff()
    {
        var active = membership.CurrentSnapshot.Members.Values
            .Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).ToList();
        if (!active.Contains(self.SiloAddress)) return null;
        var older = active.Where(IsOlder).ToList();

        // Who stood still has not listened: from how long ago an answer came it learns nothing.
        var now = time.GetTimestamp();
        var stoodStill = time.GetElapsedTime(_looked, now) > Period * 1.5;
        _looked = now;
        foreach (var gone in _peers.Keys.Except(older).ToList()) _peers.Remove(gone);
        foreach (var address in older)
        {
            if (!_peers.TryGetValue(address, out var peer)) _peers[address] = peer = new Peer { Heard = now };
            if (stoodStill) Volatile.Write(ref peer.Heard, now);
            if (peer.Asked.IsCompleted) peer.Asked = Ask(address, peer);
            if (!IsSilent(peer, Limit)) continue;
            var others = active.Where(other => !other.Equals(address) && !other.Equals(self.SiloAddress)).ToList();
            var accepting = peers.Accepts(address, IndirectPatience);
            var vouched = await Task.WhenAll(others.Select(other => peers.Reaches(other, address, IndirectPatience)));
            var accepts = await accepting;
            _looked = time.GetTimestamp();   // to wait for the others is not to stand still
            LogSilent(address, accepts, vouched.Count(reached => reached), others.Count);
            if (vouched.Contains(true) && IsSilent(peer, accepts ? BusyLimit : Limit)) return address;
        }

        return null;
    }

    /// <summary>An answer that comes late is one: the peer, or this silo, is busy, and the link between them is not cut.</summary>
    private async Task Ask(SiloAddress address, Peer peer)
    {
        if (await peers.Sees(address, address, Limit)) Volatile.Write(ref peer.Heard, time.GetTimestamp());
    }

    private bool IsSilent(Peer peer, TimeSpan limit) => time.GetElapsedTime(Volatile.Read(ref peer.Heard)) >= limit;

    private bool IsOlder(SiloAddress peer) =>
        peer.Generation != self.SiloAddress.Generation
            ? peer.Generation < self.SiloAddress.Generation
            : peer.CompareTo(self.SiloAddress) < 0;

    /// <summary>An older silo: when it answered last, and the question that is on its way to it.</summary>
    private sealed class Peer
    {
        public long Heard;

        public Task Asked { get; set; } = Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Silo {Peer} does not answer this one (accepts connections: {Accepts}); {Reaching} of {Others} others reach it")]
    private partial void LogSilent(SiloAddress peer, bool accepts, int reaching, int others);
}
