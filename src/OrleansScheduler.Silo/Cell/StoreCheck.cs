using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>
/// Looks at the store before the silo becomes active: makes the cell's record in an empty one, and does not start on one that belongs to
/// another cell or that a newer version wrote.
/// </summary>
internal sealed class StoreCheck(IGrainStorage storage, IOptions<CellOptions> options, SafeMode safeMode)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>Where the record is.</summary>
    public static GrainId Owner { get; } = GrainId.Create(CellRecord.StateName, ICellGrain.Id);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(StoreCheck), ServiceLifecycleStage.BecomeActive - 1, Run);

    /// <summary>What is wrong with using the store for a cell of that name; null when nothing is.</summary>
    public static string? Refusal(CellRecord found, string name)
    {
        if (found.StorageFormat > CellRecord.CurrentStorageFormat)
        {
            return $"A newer version wrote the store of cell {found.Name} (storage format {found.StorageFormat}, this build reads up to "
                + $"{CellRecord.CurrentStorageFormat}). Nothing was changed: run that version again, or restore a backup of this one.";
        }

        return found.Name == name
            ? null
            : $"The store belongs to cell {found.Name}, not to {name}. Nothing was changed: set Cell:Name, or use another store.";
    }

    private async Task Run(CancellationToken cancellationToken)
    {
        var found = await Read(cancellationToken) ?? await Create(cancellationToken);
        if (Refusal(found, options.Value.Name) is { } refusal) throw new InvalidOperationException(refusal);
        safeMode.Set(found.SafeMode);
    }

    private async Task<CellRecord?> Read(CancellationToken cancellationToken)
    {
        var state = new GrainState<CellRecord> { State = new() };
        await storage.ReadStateAsync(CellRecord.StateName, Owner, state, cancellationToken);
        return state.RecordExists ? state.State : null;
    }

    private async Task<CellRecord> Create(CancellationToken cancellationToken)
    {
        var record = new CellRecord
        {
            Name = options.Value.Name,
            StoreIncarnation = 1,
            StorageFormat = CellRecord.CurrentStorageFormat,
        };
        try
        {
            await storage.WriteStateAsync(
                CellRecord.StateName, Owner, new GrainState<CellRecord> { State = record }, cancellationToken);
            return record;
        }
        catch (Exception)
        {
            // Another silo that starts at the same time was faster, or the store failed: then there is still no record.
            if (await Read(cancellationToken) is { } other) return other;
            throw;
        }
    }
}
