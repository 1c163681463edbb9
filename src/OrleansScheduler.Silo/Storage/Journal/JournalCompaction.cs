using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>Takes snapshots while the owner goes on with its work.</summary>
internal static partial class JournalCompaction
{
    /// <summary>
    /// Starts <see cref="Journal{TEntry,TSnapshot}.Compact(TSnapshot, long)"/>. A failure is logged and nothing else: the journal is as
    /// before, and one that was lost says so at the next append.
    /// </summary>
    public static void CompactInBackground<TEntry, TSnapshot>(
        this Journal<TEntry, TSnapshot> journal, TSnapshot snapshot, long through, ILogger logger)
        where TSnapshot : class => _ = Watch(journal.Compact(snapshot, through), logger);

    /// <summary>The same with a snapshot that takes long to make: another thread makes it, of what does not change any more.</summary>
    public static void CompactInBackground<TEntry, TSnapshot>(
        this Journal<TEntry, TSnapshot> journal, Func<TSnapshot> snapshot, long through, ILogger logger)
        where TSnapshot : class => _ = Watch(journal.Compact(snapshot, through), logger);

    private static async Task Watch(Task compaction, ILogger logger)
    {
        try
        {
            await compaction;
        }
        catch (Exception e)
        {
            LogFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A journal could not be compacted; it is tried again after a later append")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
