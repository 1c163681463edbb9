using Microsoft.Extensions.Hosting;

namespace OrleansScheduler.Agent;

/// <summary>Removes what containers leave behind when an agent or an engine was away at the wrong moment, at the start and from time to
/// time.</summary>
internal sealed partial class ContainerSweeper(
    StateDirectory state, AttemptTable table, ContainerDriver containers, OciDriver bundles, ImageCache images,
    TimeProvider time,
    ILogger<ContainerSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <summary>Looks once.</summary>
    public async Task Sweep(CancellationToken cancellationToken)
    {
        // Asked for the containers first: one that is made meanwhile must not be missing among the wanted ones.
        await containers.Sweep(Wanted, cancellationToken);
        await bundles.Sweep(Wanted, cancellationToken);
        images.Clean(table.All.Where(attempt => !attempt.Record.Status.IsTerminal()).Select(attempt => attempt.Directory));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogFailed(e);
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool Wanted(string container) => table.All.Any(attempt =>
        !attempt.Record.Status.IsTerminal() && ContainerNames.Of(state.AgentId, attempt.Id) == container);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Containers and images could not be tidied")]
    private partial void LogFailed(Exception exception);
}
