using System.Reflection;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>Puts the cell together from those who each know a part of it.</summary>
internal sealed class CellDirectory(IGrainFactory grains, JobDirectory jobs, IOptions<CellOptions> options)
{
    /// <summary>Version of the product.</summary>
    public static readonly string Version = ReadVersion();

    public async Task<CellView> Describe(CancellationToken cancellationToken)
    {
        var summary = grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Summarise(cancellationToken);
        var hosts = grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, cancellationToken);
        var count = jobs.Count(cancellationToken);
        var record = grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe(cancellationToken);
        await Task.WhenAll(summary, hosts, count, record);

        var ledger = await summary;
        return new()
        {
            Name = options.Value.Name,
            Version = Version,
            Silos = (await hosts).Count,
            Nodes = ledger.NodesByStatus,
            Capacity = ledger.Capacity,
            Used = ledger.Used,
            Jobs = await count,
            Placed = ledger.Placed,
            Pending = ledger.Pending,
            LedgerEpoch = ledger.Epoch,
            LedgerSilo = ledger.Silo,
            SafeMode = (await record).SafeMode,
            SafeModeReason = (await record) is { SafeMode: true, RestoredFrom: var reason } ? reason : null,
        };
    }

    private static string ReadVersion()
    {
        var version =
            typeof(CellDirectory).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        return version.Split('+')[0];
    }
}
