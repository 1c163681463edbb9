using System.Runtime.CompilerServices;

namespace OrleansScheduler.Gateway;

/// <summary>Finds every actor of the cell that has durable state.</summary>
internal sealed class CellOwners(IGrainFactory grains)
{
    private const int Page = 1000;

    /// <summary>
    /// All of them; jobs before the ledger, so that a copy of the ledger has the nodes of everything that a copied job has placed.
    /// </summary>
    public async IAsyncEnumerable<GrainId> All([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return grains.GetGrain<ICellGrain>(ICellGrain.Id).GetGrainId();
        for (var shard = 0; shard < JobIndex.Shards; shard++)
        {
            var index = grains.GetGrain<IJobIndexGrain>(shard);
            yield return index.GetGrainId();
            for (JobKey? after = null; ;)
            {
                var keys = await index.List(after, role: null, environment: null, Page, cancellationToken);
                foreach (var key in keys) yield return grains.GetGrain<IJobGrain>(key.ToString()).GetGrainId();
                if (keys.Length < Page) break;
                after = keys[^1];
            }
        }

        var ledger = grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id);
        foreach (var node in await ledger.ListNodes(cancellationToken))
            yield return grains.GetGrain<INodeGrain>(node.Description.Id).GetGrainId();
        yield return ledger.GetGrainId();
    }

    /// <summary>The owner behind an id.</summary>
    public IStateOwner Find(GrainId owner) => grains.GetGrain<IStateOwner>(owner);
}
