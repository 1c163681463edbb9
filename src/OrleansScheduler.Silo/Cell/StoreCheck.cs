using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>
/// Looks at the store before the silo becomes active: makes the cell's record in an empty one, and does not start on one that belongs to
/// another cell or cluster, or that a newer version wrote. Two clusters on one store would take its journals from each other for ever,
/// and a silo of a cluster with a store of its own would lose what it is told.
/// </summary>
internal sealed class StoreCheck(
    IGrainStorage storage, IClusterMembershipService membership, ILocalSiloDetails self, SafeMode safeMode, IOptions<CellOptions> options,
    IOptions<ClusterOptions> cluster) : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>Where the record is.</summary>
    public static GrainId Owner { get; } = GrainId.Create(CellRecord.StateName, ICellGrain.Id);

    private static GrainId LedgerId { get; } = GrainId.Create("resourceledger", IResourceLedgerGrain.Id);

    /// <summary>Behind the stage in which storage starts, before the silo becomes active.</summary>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(StoreCheck), ServiceLifecycleStage.ApplicationServices + 1, Run);

    /// <summary>What is wrong with using the store for a cell of that name and cluster; null when nothing is.</summary>
    public static string? Refusal(CellRecord found, string name, string clusterId)
    {
        if (found.StorageFormat > CellRecord.CurrentStorageFormat)
        {
            return $"A newer version wrote the store of cell {found.Name} (storage format {found.StorageFormat}, this build reads up to "
                + $"{CellRecord.CurrentStorageFormat}). Nothing was changed: run that version again, or restore a backup of this one.";
        }

        return Difference("Cell:Name", name, "cell", found.Name) ?? Difference("Orleans:ClusterId", clusterId, "cluster", found.ClusterId);
    }

    private static string? Difference(string setting, string own, string what, string found) => own == found || found.Length == 0
        ? null
        : $"{setting} is '{own}', but the configured store belongs to {what} '{found}'. Nothing was changed: correct it, or configure "
            + "another store.";

    private bool OthersAreActive =>
        membership.CurrentSnapshot.Members.Values.Any(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(self.SiloAddress));

    private async Task Run(CancellationToken cancellationToken)
    {
        var found = await Read<CellRecord>(CellRecord.StateName, Owner, cancellationToken);
        if (found is null)
        {
            // A store of a version that did not write the record yet has a ledger all the same.
            if (OthersAreActive && await Read<JournalRow>(JournalHead.RowName, LedgerId, cancellationToken) is null)
                throw new InvalidOperationException(
                    $"Orleans:ServiceId is '{cluster.Value.ServiceId}': cluster '{cluster.Value.ClusterId}' has active silos, and nothing "
                    + "of theirs is in this store. This silo has another Orleans:ServiceId or Orleans:GrainStorage:Default.");
            found = await Create(cancellationToken);
        }

        if (Refusal(found, options.Value.Name, cluster.Value.ClusterId) is { } refusal) throw new InvalidOperationException(refusal);
        safeMode.Set(found.SafeMode);
    }

    private async Task<T?> Read<T>(string name, GrainId owner, CancellationToken cancellationToken)
        where T : class, new()
    {
        var state = new GrainState<T> { State = new() };
        await storage.ReadStateAsync(name, owner, state, cancellationToken);
        return state.RecordExists ? state.State : null;
    }

    private async Task<CellRecord> Create(CancellationToken cancellationToken)
    {
        var record = new CellRecord
        {
            Name = options.Value.Name,
            ClusterId = cluster.Value.ClusterId,
            StoreIncarnation = 1,
            StorageFormat = CellRecord.CurrentStorageFormat,
        };
        try
        {
            await storage.WriteStateAsync(
                CellRecord.StateName, Owner, new GrainState<CellRecord> { State = record }, cancellationToken);
            return record;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Silos that start together all try, and one of them wins; or the store failed, and there is still no record.
            if (await Read<CellRecord>(CellRecord.StateName, Owner, cancellationToken) is { } other) return other;
            throw;
        }
    }
}
