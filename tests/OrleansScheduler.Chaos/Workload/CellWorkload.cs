namespace OrleansScheduler.Chaos;

/// <summary>Those who use the cell of a run.</summary>
internal sealed class CellWorkload : IDisposable
{
    private const int Clients = 5;
    private readonly ImmutableArray<WorkloadClient> _clients;
    private readonly WorkloadOperator _operator;
    private readonly WorkloadDeployer _deployer;
    private readonly WorkloadGuests _guests;
    private readonly WorkloadWatcher _watcher;

    public CellWorkload(ClusterDriver cluster, History history, Witness witness, int seed)
    {
        _clients =
        [
            .. from number in Enumerable.Range(1, Clients)
               select new WorkloadClient($"client-{number}", cluster, history, witness, seed + number),
        ];
        _operator = new WorkloadOperator("operator", cluster, history, seed);
        _deployer = new WorkloadDeployer("deployer", cluster, history, witness, seed);
        _guests = new WorkloadGuests("guests", cluster, history, witness, seed);
        _watcher = new WorkloadWatcher("watcher", cluster, history, seed);
    }

    /// <summary>All services that nobody has asked to stop, but for those that are moved to another version all the time.</summary>
    public ImmutableArray<JobKey> Services() => [.. _clients.SelectMany(client => client.Services), WorkloadJob.Shared.Key];

    /// <summary>The events that somebody read who followed the feed.</summary>
    public ImmutableArray<SeenEvent> Events => _watcher.Seen;

    /// <summary>Works until it is cancelled, and then until each operation under way has an outcome.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        await _clients[0].SetQuota();
        foreach (var job in (WorkloadJob[])[WorkloadJob.Shared, WorkloadJob.Rolling, WorkloadJob.Cron]) await _clients[0].Submit(job);
        await Task.WhenAll(
            [
                .. _clients.Select(client => client.Run(cancellationToken)), _operator.Run(cancellationToken),
                _deployer.Run(cancellationToken), _guests.Run(cancellationToken), _watcher.Run(cancellationToken),
            ]);
    }

    public void Dispose()
    {
        foreach (var client in _clients) client.Dispose();
        _operator.Dispose();
        _deployer.Dispose();
        _guests.Dispose();
        _watcher.Dispose();
    }
}
