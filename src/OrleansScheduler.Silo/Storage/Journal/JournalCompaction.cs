using Microsoft.Extensions.Logging;

namespace OrleansScheduler.Silo;

/// <summary>Takes snapshots while the owner goes on with its work.</summary>
internal static partial class JournalCompaction
{
    /// <summary>
    /// Starts <see cref="Journal{TEntry,TSnapshot}.Compact"/>. A failure is logged and nothing else: the journal is as before, and one
    /// that was lost says so at the next append.
    /// </summary>
    public static void CompactInBackground<TEntry,
        TSnapshot>(this Journal<TEntry, TSnapshot> journal, TSnapshot snapshot, long through, ILogger logger)
        where TSnapshot : class
    {
        _ = Compact();

        async Task Compact()
        {
            try
            {
                await journal.Compact(snapshot, through);
            }
            catch (Exception e)
            {
                LogFailed(logger, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A journal could not be compacted; it is tried again after a later append")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
