using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>Writes a backup into the store of a cell that does not run (<c>osched cell restore</c>).</summary>
/// <remarks>
/// A backup is always older than the truth. So everything by which others tell old from new is raised far above what they can have seen
/// (epochs, generations, numbers of attempts), and the cell begins in safe mode.
/// </remarks>
public static class CellRestore
{
    /// <summary>By how much epochs and generations are raised.</summary>
    public const long Jump = 1L << 20;

    /// <summary>Reads the backup twice: to the end to check it, then again to write it. A backup that is refused changes nothing.</summary>
    /// <param name="services">Services of a host that is a silo and was not started.</param>
    /// <param name="file">The backup; can be read from its beginning again.</param>
    /// <param name="name">What the backup is called, for the cell's record.</param>
    /// <param name="force">Whether a store that is not empty is replaced.</param>
    /// <param name="cancellationToken">Gives up; what was written stays, and <paramref name="force"/> is needed to try again.</param>
    public static async Task<Answer<RestoreReport>> Run(
        IServiceProvider services, Stream file, string name, bool force, CancellationToken cancellationToken)
    {
        var checkedFile = await BackupCheck.Run(file, cancellationToken);
        if (checkedFile.Problem is { } problem) return problem;
        var header = checkedFile.Value!.Header;
        var cell = services.GetRequiredService<IOptions<CellOptions>>().Value.Name;
        if (header.Cell != cell)
        {
            return Problem.Of(ProblemKind.Conflict, "backup-of-another-cell",
                $"The backup is of cell {header.Cell}, and Cell:Name is {cell}.");
        }

        if (header.StorageFormat > CellRecord.CurrentStorageFormat)
        {
            return Problem.Of(ProblemKind.Conflict, "backup-too-new",
                $"A newer version made the backup (storage format {header.StorageFormat} of {header.Product}, this build reads up to "
                    + $"{CellRecord.CurrentStorageFormat}).");
        }

        await using var store = await OfflineStore.Open(services, cancellationToken);
        var target = new RestoreTarget(services, store.Storage);
        var found = await target.Find();
        if (found is { } what && !force)
        {
            return Problem.Of(ProblemKind.Conflict, "store-not-empty",
                $"The store is not empty: it has {what}. Use an empty one, or --force to replace it.");
        }

        file.Position = 0;
        try
        {
            return await Write(target, file, header, name, cancellationToken);
        }
        catch (Exception exception) when (exception is JournalLostException or JournalCorruptException)
        {
            return Problem.Of(ProblemKind.Conflict, "store-in-use", $"Something else writes to the store: {exception.Message}.");
        }
    }

    private static async Task<Answer<RestoreReport>> Write(
        RestoreTarget target, Stream file, BackupHeader header, string name, CancellationToken cancellationToken)
    {
        var (jobs, before) = await target.ReadJobs(cancellationToken);
        var now = TimeProvider.System.GetUtcNow();
        target.Incarnation = Math.Max(Math.Max(header.StoreIncarnation, before), now.ToUnixTimeSeconds()) + 1;

        // The record comes first: whatever is interrupted from here on leaves a store that is in safe mode and not empty.
        await target.WriteRecord(new()
        {
            Name = header.Cell,
            StoreIncarnation = target.Incarnation,
            SafeMode = true,
            RestoredAt = now,
            RestoredFrom = $"{name} of {header.TakenAt:yyyy-MM-dd HH:mm:ss}Z",
            StorageFormat = CellRecord.CurrentStorageFormat,
        });
        foreach (var job in jobs) await target.Remove(job);
        var report = new RestoreReport { Cell = header.Cell, TakenAt = header.TakenAt, StoreIncarnation = target.Incarnation };
        using var reader = new BackupReader(file);
        await reader.Begin(cancellationToken);
        await foreach (var state in reader.ReadStates(cancellationToken))
        {
            if (await target.Write(state) is { } unknown) return unknown;
            report.Count(state);
        }

        return report;
    }
}
