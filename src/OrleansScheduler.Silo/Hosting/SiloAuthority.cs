using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Whether this silo may still promise something in the cell's name. One that was replaced, and does not know it yet, must not: it has to
/// have seen within <see cref="Term"/> that it counts as alive.
/// </summary>
/// <remarks>
/// It counts as alive while the membership table says so. While nobody can read the table nobody can write to it either, but a silo alone
/// cannot know that: then it counts as long as all others see it. One that does not could vote it out alone, because a silo that cannot
/// write to the table has no voice after a few seconds. A silo that reads that it is dead ends at once: Orleans' own look at the table
/// may be half a minute away after an outage of it, and until then its grains would go on beside those that live elsewhere by now.
/// </remarks>
internal sealed partial class SiloAuthority(
    IMembershipTable table, IClusterMembershipService membership, ILocalSiloDetails self, IPeers peers, IFatalErrorHandler end,
    TimeProvider time, ILogger<SiloAuthority> logger) : BackgroundService
{
    /// <summary>How long a confirmation is good for.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private long _confirmed;
    private bool _held;

    /// <summary>Whether promises may be given now.</summary>
    public bool Holds => Volatile.Read(ref _confirmed) is var at and not 0 && time.GetElapsedTime(at) < Term;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            await Confirm();
            if (Holds == _held) continue;
            _held = !_held;
            LogChanged(_held ? "may" : "must not", self.SiloAddress);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    /// <summary>Asks once. What is confirmed counts from the question on, however long the answer took.</summary>
    internal async Task Confirm()
    {
        var asked = time.GetTimestamp();
        if (await CountsAsAlive()) Volatile.Write(ref _confirmed, asked);
    }

    private async Task<bool> CountsAsAlive()
    {
        try
        {
            var row = await table.ReadRowAsync(self.SiloAddress, CancellationToken.None).WaitAsync(Patience, time);
            var status = row.TryGet(self.SiloAddress)?.Item1.Status;

            // Not one that is about to stop, which says so itself.
            if (status == SiloStatus.Dead && membership.CurrentSnapshot.GetSiloStatus(self.SiloAddress) == SiloStatus.Active)
                end.OnFatalException(this, "The membership table says that this silo is dead, and it did not know.", null);
            return status == SiloStatus.Active;
        }
        catch (Exception e)
        {
            LogTableSilent(e.Message);
            return await OthersSeeIt();
        }
    }

    private async Task<bool> OthersSeeIt()
    {
        var active = membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).ToList();
        if (!active.Exists(m => m.SiloAddress.Equals(self.SiloAddress))) return false;
        var others = active.Where(m => !m.SiloAddress.Equals(self.SiloAddress)).ToList();
        var answers = await Task.WhenAll(others.Select(o => peers.Sees(o.SiloAddress, self.SiloAddress, Patience)));
        return answers.All(seen => seen);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Silo {Silo} {May} grant leases")]
    private partial void LogChanged(string may, SiloAddress silo);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The membership table cannot be read: {Reason}")]
    private partial void LogTableSilent(string reason);
}
