namespace OrleansScheduler.Silo;

/// <summary>
/// Hands the events of this silo to the feed: the first at once, what comes in the next few milliseconds in one message. In a busy cell a
/// message for every change of every job would cost more than the feed itself.
/// </summary>
internal sealed class EventOutbox(IGrainFactory grains)
{
    /// <summary>Real time, also where a test moves the clock: it only bounds how many messages there are.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private const int MostAtOnce = 1000;

    private readonly Lock _lock = new();
    private List<EventView> _waiting = [];
    private bool _running;

    /// <summary>Takes events of one owner, in their order. They are a copy of what is durable elsewhere, so that nobody waits for
    /// them.</summary>
    public void Add(IReadOnlyCollection<EventView> events)
    {
        if (events.Count == 0) return;
        lock (_lock)
        {
            _waiting.AddRange(events);
            if (_running) return;
            _running = true;
        }

        // Neither on the owner's scheduler nor in its trace.
        ThreadPool.UnsafeQueueUserWorkItem(static outbox => _ = outbox.Run(), this, preferLocal: false);
    }

    private async Task Run()
    {
        while (Take() is { Count: > 0 } events)
        {
            foreach (var some in events.Chunk(MostAtOnce))
                grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id).Publish([.. some]).Ignore();
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    private List<EventView> Take()
    {
        lock (_lock)
        {
            var taken = _waiting;
            _waiting = [];
            _running = taken.Count > 0;
            return taken;
        }
    }
}
