namespace OrleansScheduler.Agent;

/// <summary>Shares looks at the process table: however many attempts end at once, one look at a time serves them all.</summary>
internal sealed class ProcessScanner(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly Lock _lock = new();
    private Task<ProcessScan>? _next;
    private Task _current = Task.CompletedTask;

    /// <summary>A look that begins after this call.</summary>
    public Task<ProcessScan> Fresh()
    {
        lock (_lock)
        {
            return _next ??= After(_current);
        }
    }

    private async Task<ProcessScan> After(Task current)
    {
        await current.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        Task<ProcessScan> scan;
        lock (_lock)
        {
            scan = Task.Run(ProcessScan.Now);
            _current = PauseAfter(scan);
            _next = null;
        }

        return await scan;
    }

    private async Task PauseAfter(Task scan)
    {
        await scan.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Pause, time);
    }
}
