using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Keeps the cell's own actors awake, so that work goes on after any crash though nobody asks for it: the ledger wakes the nodes, the
/// index wakes the jobs. Hears of safe mode.
/// </summary>
internal sealed partial class CellKeeper(
    IGrainFactory grains, SafeMode safeMode, TimeProvider time, ILogger<CellKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                safeMode.Set((await grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe(stoppingToken)).SafeMode);
                await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Wake(stoppingToken);
                await Task.WhenAll(Enumerable.Range(0, JobIndex.Shards)
                    .Select(s => grains.GetGrain<IJobIndexGrain>(s).Wake(stoppingToken)));
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cell's actors could not be woken; they are tried again")]
    private partial void LogFailed(Exception exception);
}
