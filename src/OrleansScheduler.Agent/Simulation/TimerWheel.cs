namespace OrleansScheduler.Agent;

/// <summary>
/// Wakes virtual nodes: one queue for heartbeats and ends of tasks of all of them, since a timer each would cost more than all else.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class TimerWheel(TimeProvider time)
{
    /// <summary>How exactly it goes.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private const int Slots = 8192;

    private readonly Lock _lock = new();
    private readonly List<Entry>?[] _slots = new List<Entry>?[Slots];
    private readonly long _start = time.GetTimestamp();
    private long _done = -1;

    /// <summary>Wakes <paramref name="node"/> in <paramref name="wait"/>, for a reason that it is given back.</summary>
    public void Add(TimeSpan wait, VirtualNode node, VirtualAttempt? reason)
    {
        var tick = Now() + Math.Max(0, wait.Ticks / Step.Ticks);
        lock (_lock)
        {
            tick = Math.Max(tick, _done + 1);
            (_slots[tick % Slots] ??= []).Add(new(tick, node, reason));
        }
    }

    /// <summary>Wakes whoever is due.</summary>
    public void Advance()
    {
        var due = new List<Entry>();
        var now = Now();
        lock (_lock)
        {
            // After a long pause one look at every slot is enough.
            for (var tick = Math.Max(_done + 1, now - Slots + 1); tick <= now; tick++) Take(_slots[tick % Slots], now, due);
            _done = now;
        }

        foreach (var entry in due) entry.Node.Wake(entry.Reason);
    }

    /// <summary>Goes on until it is asked to stop.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Step, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken)) Advance();
        }
        catch (OperationCanceledException)
        {
            // This is how it is meant to end.
        }
    }

    private static void Take(List<Entry>? slot, long now, List<Entry> due)
    {
        if (slot is null) return;
        var kept = 0;
        for (var i = 0; i < slot.Count; i++)
        {
            if (slot[i].Tick <= now) due.Add(slot[i]);
            else slot[kept++] = slot[i];
        }

        slot.RemoveRange(kept, slot.Count - kept);
    }

    private long Now() => time.GetElapsedTime(_start).Ticks / Step.Ticks;

    private readonly record struct Entry(long Tick, VirtualNode Node, VirtualAttempt? Reason);
}
