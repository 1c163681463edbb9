using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;

namespace OrleansScheduler.Silo;

/// <summary>Which cell a storage belongs to: written by the first silo that starts on it.</summary>
[GenerateSerializer, Alias("osched.CellIdentityRow")]
internal sealed class CellIdentityRow
{
    [Id(0)]
    public string Cell { get; set; } = "";

    [Id(1)]
    public string ClusterId { get; set; } = "";
}

/// <summary>
/// Lets a silo join only the cell whose storage it uses. Two clusters on one storage would take its journals from each other for ever, and
/// a silo of a cluster with a storage of its own would lose what it is told.
/// </summary>
internal sealed class CellIdentity(
    IGrainStorage storage, IClusterMembershipService membership, ILocalSiloDetails self, IOptions<CellOptions> cell,
    IOptions<ClusterOptions> cluster) : ILifecycleParticipant<ISiloLifecycle>
{
    private const string RowName = "identity";
    private static readonly GrainId Owner = GrainId.Create("cell", "identity");

    /// <summary>Behind the stage in which storage starts, before the silo becomes active.</summary>
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(CellIdentity), ServiceLifecycleStage.ApplicationServices + 1, Require);

    private async Task Require(CancellationToken cancellationToken)
    {
        var own = new CellIdentityRow { Cell = cell.Value.Name, ClusterId = cluster.Value.ClusterId };
        var found = await Read(cancellationToken);
        if (found is null)
        {
            if (OthersAreActive && !await HasLedger(cancellationToken)) throw new InvalidOperationException(
                $"Orleans:ServiceId is '{cluster.Value.ServiceId}': cluster '{own.ClusterId}' has active silos, and nothing of theirs "
                + "is in this storage. This silo has another Orleans:ServiceId or another Orleans:GrainStorage:Default than they have.");
            found = await Write(own, cancellationToken);
        }

        Compare("Cell:Name", own.Cell, "cell", found.Cell);
        Compare("Orleans:ClusterId", own.ClusterId, "cluster", found.ClusterId);
    }

    private bool OthersAreActive =>
        membership.CurrentSnapshot.Members.Values.Any(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(self.SiloAddress));

    private static void Compare(string setting, string own, string what, string found)
    {
        if (own != found) throw new InvalidOperationException(
            $"{setting} is '{own}', but the configured storage belongs to {what} '{found}'. Correct it, or configure another storage.");
    }

    /// <summary>Storage of a version that did not write its name yet has a ledger all the same.</summary>
    private async Task<bool> HasLedger(CancellationToken cancellationToken)
    {
        var ledger = new GrainState<JournalRow> { State = new() };
        await storage.ReadStateAsync(JournalHead.RowName, LedgerId, ledger, cancellationToken);
        return ledger.RecordExists;
    }

    private static GrainId LedgerId => GrainId.Create("resourceledger", IResourceLedgerGrain.Id);

    private async Task<CellIdentityRow?> Read(CancellationToken cancellationToken)
    {
        var row = new GrainState<CellIdentityRow> { State = new() };
        await storage.ReadStateAsync(RowName, Owner, row, cancellationToken);
        return row.RecordExists ? row.State : null;
    }

    private async Task<CellIdentityRow> Write(CellIdentityRow own, CancellationToken cancellationToken)
    {
        try
        {
            await storage.WriteStateAsync(RowName, Owner, new GrainState<CellIdentityRow> { State = own }, cancellationToken);
            return own;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Silos that start together all try; one of them wins.
            if (await Read(cancellationToken) is { } first) return first;
            throw;
        }
    }
}
