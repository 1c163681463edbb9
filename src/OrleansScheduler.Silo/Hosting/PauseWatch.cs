using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansScheduler.Silo;

/// <summary>
/// Notices that the whole process stood still for so long that the others must have declared it dead, and looks at the membership at once
/// instead of at its next turn: then <see cref="PromptEnd"/> ends it. It has a thread of its own, because timers of a process that wakes
/// up wait behind everything else that is due.
/// </summary>
internal sealed partial class PauseWatch(
    IClusterMembershipService membership, IOptions<ClusterMembershipOptions> options, TimeProvider time, ILogger<PauseWatch> logger)
    : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    // It does not spin: at twenty looks a second that is the most of what a silo without work does.
    private readonly ManualResetEventSlim _stopped = new(initialState: false, spinCount: 0);
    private Thread? _thread;

    /// <summary>Others need at least this long to miss a silo.</summary>
    private TimeSpan Eviction => options.Value.ProbeTimeout * options.Value.NumMissedProbesLimit;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Watch) { IsBackground = true, Name = "pause watch", Priority = ThreadPriority.Highest };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopped.Set();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _stopped.Set();
        _thread?.Join();
        _stopped.Dispose();
    }

    private void Watch()
    {
        for (var last = time.GetTimestamp(); !_stopped.Wait(Period); last = time.GetTimestamp())
        {
            var gap = time.GetElapsedTime(last);
            if (gap < Eviction) continue;
            LogPaused(gap.TotalSeconds);
            _ = Look();
        }
    }

    private async Task Look()
    {
        try
        {
            await membership.Refresh();
        }
        catch (Exception e)
        {
            LogLookFailed(e);   // the next regular look tells
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The process stood still for {Seconds:0.0} s: is this silo still a member?")]
    private partial void LogPaused(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership could not be read after a pause")]
    private partial void LogLookFailed(Exception exception);
}
