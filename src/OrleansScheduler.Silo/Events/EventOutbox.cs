using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>
/// Hands the events of this silo to the feed, numbered and one message after the other: the first at once, what comes in the next few
/// milliseconds in one message. In a busy cell a message for every change of every job would cost more than the feed itself.
/// </summary>
/// <remarks>
/// A feed that cannot be reached is sent the same again. What waits is bounded: beyond it the oldest are dropped, and the feed sees by the
/// numbers that they are missing.
/// </remarks>
internal sealed partial class EventOutbox(IGrainFactory grains, ILocalSiloDetails silo, ILogger<EventOutbox> logger) : IHostedService
{
    /// <summary>Real time, also where a test moves the clock: it only bounds how many messages there are.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(1);

    private const int MostAtOnce = 1000;
    private const int MostWaiting = 65_536;

    private readonly Lock _lock = new();
    private readonly Queue<EventView> _waiting = [];
    private readonly string _silo = silo.SiloAddress.ToParsableString();
    private long _first;
    private bool _running;
    private TaskCompletionSource _idle = Done();

    /// <summary>Takes events of one owner, in their order. They are a copy of what is durable elsewhere, so that nobody waits for
    /// them.</summary>
    public void Add(IReadOnlyCollection<EventView> events)
    {
        if (events.Count == 0) return;
        lock (_lock)
        {
            foreach (var e in events) _waiting.Enqueue(e);
            for (; _waiting.Count > MostWaiting; _first++) _waiting.Dequeue();
            if (_running) return;
            _running = true;
            _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        // Neither on the owner's scheduler nor in its trace.
        ThreadPool.UnsafeQueueUserWorkItem(static outbox => _ = outbox.Run(), this, preferLocal: false);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Says what there is to say, and that nothing follows. Who is not heard then is told of as missing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task idle;
        lock (_lock) idle = _idle.Task;
        try
        {
            await idle.WaitAsync(LongestFarewell, TimeProvider.System, cancellationToken);
            await Send([], isLast: true).WaitAsync(LongestFarewell, TimeProvider.System, cancellationToken);
        }
        catch (Exception e)
        {
            LogFailed(e.Message);
        }
    }

    private IEventFeedGrain Feed => grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id);

    private async Task Run()
    {
        while (Next() is { IsEmpty: false } events)
        {
            try
            {
                await Send(events, isLast: false);
                await Task.Delay(Pause, TimeProvider.System);
            }
            catch (Exception e)
            {
                LogFailed(e.Message);
                await Task.Delay(PauseAfterFailure, TimeProvider.System);
            }
        }
    }

    private async Task Send(ImmutableArray<EventView> events, bool isLast)
    {
        long first;
        lock (_lock) first = _first;
        await Feed.Append(new EventBatch(_silo, first, events, isLast));
        lock (_lock)
        {
            // Those that were dropped meanwhile are not there any more.
            for (var end = first + events.Length; _first < end; _first++) _waiting.Dequeue();
        }
    }

    /// <summary>What is to be sent next, which stays until it has arrived.</summary>
    private ImmutableArray<EventView> Next()
    {
        lock (_lock)
        {
            _running = _waiting.Count > 0;
            if (!_running) _idle.SetResult();
            return [.. _waiting.Take(MostAtOnce)];
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Events could not be handed over and are sent again: {Reason}")]
    private partial void LogFailed(string reason);
}
