using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>Asks something again and again, to learn that it is away, and that it is back, when nobody else asks.</summary>
internal abstract partial class AnswerWatch(string what, AnswerHealth health, TimeSpan period, TimeProvider time, ILogger logger)
    : BackgroundService
{
    private bool _wasAway;

    /// <summary>Asks once.</summary>
    protected abstract Task Ask();

    /// <summary>It is away now, or back.</summary>
    protected virtual void Changed(bool isAway)
    {
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task? asked = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            // One question at a time: a server that hangs must not eat up its connections.
            asked ??= Ask();
            var waiting = time.GetTimestamp();
            if (await Task.WhenAny(asked, Pause(stoppingToken)) == asked)
            {
                if (asked.IsCompletedSuccessfully) health.Answered();
                else health.Failed();
                asked = null;
            }
            else if (time.GetElapsedTime(waiting) < period * 1.5)
            {
                // Who waited for longer stood still itself: the answer may be there, and not have been looked at.
                health.Failed();
            }

            if (health.IsAway != _wasAway)
            {
                _wasAway = !_wasAway;
                LogChanged(what, _wasAway ? "is away" : "is back");
                Changed(_wasAway);
            }

            if (asked is null) await Pause(stoppingToken);
        }
    }

    private async Task Pause(CancellationToken stoppingToken) =>
        await Task.Delay(period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {What} {State}")]
    private partial void LogChanged(string what, string state);
}
