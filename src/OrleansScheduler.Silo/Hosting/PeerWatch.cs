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
/// one that reaches only one of the two as well.
/// </remarks>
internal sealed partial class PeerWatch(
    IClusterMembershipService membership, ILocalSiloDetails self, IPeers peers, IFatalErrorHandler end, TimeProvider time,
    ILogger<PeerWatch> logger) : BackgroundService
{
    /// <summary>How long a silence lasts before one of the two ends: longer than the membership needs for a silo that is gone.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>How often the others are asked.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan IndirectPatience = TimeSpan.FromSeconds(2);
    private readonly Dictionary<SiloAddress, long> _heard = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (await CutOff() is not { } peer) continue;
            end.OnFatalException(this, $"Silo {peer} cannot be reached from here for {Limit.TotalSeconds} s, and others reach both.", null);
            return;
        }
    }

    /// <summary>
    /// Asks once: an older silo that this one has not reached for <see cref="Limit"/>, while another does; null for none.
    /// </summary>
    internal async Task<SiloAddress?> CutOff()
    {
        var active = membership.CurrentSnapshot.Members.Values
            .Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).ToList();
        if (!active.Contains(self.SiloAddress)) return null;
        var older = active.Where(IsOlder).ToList();
        foreach (var gone in _heard.Keys.Except(older).ToList()) _heard.Remove(gone);
        var answers = await Task.WhenAll(older.Select(async peer => (peer, Answers: await peers.Sees(peer, peer, Patience))));
        var now = time.GetTimestamp();
        foreach (var (peer, answered) in answers)
        {
            if (answered || !_heard.TryGetValue(peer, out var heard))
            {
                _heard[peer] = now;
                continue;
            }

            if (time.GetElapsedTime(heard, now) < Limit) continue;
            var others = active.Where(other => !other.Equals(peer) && !other.Equals(self.SiloAddress)).ToList();
            var vouched = await Task.WhenAll(others.Select(other => peers.Reaches(other, peer, IndirectPatience)));
            LogSilent(peer, vouched.Count(reached => reached), others.Count);
            if (vouched.Contains(true)) return peer;
        }

        return null;
    }

    private bool IsOlder(SiloAddress peer) =>
        peer.Generation != self.SiloAddress.Generation
            ? peer.Generation < self.SiloAddress.Generation
            : peer.CompareTo(self.SiloAddress) < 0;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Silo {Peer} does not answer this one; {Reaching} of {Others} others reach it")]
    private partial void LogSilent(SiloAddress peer, int reaching, int others);
}
