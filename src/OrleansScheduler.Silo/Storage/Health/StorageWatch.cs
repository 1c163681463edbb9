using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Asks the storage for a row that is not there.</summary>
internal sealed class StorageWatch(IGrainStorage storage, StorageHealth health, TimeProvider time, ILogger<StorageWatch> logger)
    : AnswerWatch("storage", health, TimeSpan.FromMilliseconds(750), time, logger)
{
    private static readonly GrainId Owner = GrainId.Create("storage", "watch");

    /// <inheritdoc/>
    protected override async Task Ask() =>
        await storage.ReadStateAsync("probe", Owner, new GrainState<JournalRow> { State = new() }).ConfigureAwait(false);
}
