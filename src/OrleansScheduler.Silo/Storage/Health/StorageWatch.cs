using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Asks the storage for a row that is not there.</summary>
internal sealed class StorageWatch(IGrainStorage storage, StorageHealth health, TimeProvider time, ILogger<StorageWatch> logger)
    : AnswerWatch("storage", health, TimeSpan.FromMilliseconds(750), time, logger)
{
    /// <summary>
    /// More than there are connections, which may all be given up at once, those of the membership and of reminders too, and while some are
    /// still blocked, those that took their place.
    /// </summary>
    private const int ThreadsWhileAway = 100;

    private static readonly GrainId Owner = GrainId.Create("storage", "watch");
    private int _threads;

    /// <inheritdoc/>
    protected override async Task Ask() =>
        await storage.ReadStateAsync("probe", Owner, new GrainState<JournalRow> { State = new() }).ConfigureAwait(false);

    /// <summary>
    /// Clients of a store block threads when they give connections up: Npgsql asks the server to cancel each statement that hangs, over a
    /// connection of its own, and waits. With as many threads as processors nothing else ran for up to a second, four seconds into an
    /// outage. While all is well more threads than processors cost a tenth of the throughput.
    /// </summary>
    /// <inheritdoc/>
    protected override void Changed(bool isAway)
    {
        ThreadPool.GetMinThreads(out var threads, out var completions);
        if (isAway) _threads = threads;
        ThreadPool.SetMinThreads(isAway ? Math.Max(threads, ThreadsWhileAway) : _threads, completions);
    }
}
