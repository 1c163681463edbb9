using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Asks the storage for a row that is not there, to learn of an outage, and of its end, when nobody else asks.</summary>
internal sealed partial class StorageWatch(
    IGrainStorage storage, StorageHealth health, TimeProvider time, ILogger<StorageWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(750);
    private static readonly GrainId Owner = GrainId.Create("storage", "watch");

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task? asked = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            var before = health.IsAway;

            // One question at a time: a server that hangs must not eat up its connections.
            asked ??= Ask();
            if (await Task.WhenAny(asked, Pause(stoppingToken)) == asked)
            {
                if (asked.IsCompletedSuccessfully) health.Answered();
                else health.Failed();
                asked = null;
            }
            else
            {
                health.Failed();
            }

            if (health.IsAway != before) LogChanged(health.IsAway ? "is away" : "is back");
            if (asked is null) await Pause(stoppingToken);
        }
    }

    private async Task Ask() =>
        await storage.ReadStateAsync("probe", Owner, new GrainState<JournalRow> { State = new() }).ConfigureAwait(false);

    private async Task Pause(CancellationToken stoppingToken) =>
        await Task.Delay(Period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The storage {State}")]
    private partial void LogChanged(string state);
}
