namespace OrleansScheduler.Chaos;

/// <summary>Those who use the cell of a run.</summary>
internal sealed class CellWorkload : IDisposable
{
    private const int Clients = 5;
    private readonly ImmutableArray<WorkloadClient> _clients;
    private readonly WorkloadOperator _operator;

    public CellWorkload(ClusterDriver cluster, History history, Witness witness, int seed)
    {
        _clients =
        [
            .. from number in Enumerable.Range(1, Clients)
               select new WorkloadClient($"client-{number}", cluster, history, witness, seed + number),
        ];
        _operator = new WorkloadOperator("operator", cluster, history, seed);
    }

    /// <summary>All services that nobody has asked to stop.</summary>
    public ImmutableArray<JobKey> Services() => [.. _clients.SelectMany(client => client.Services), WorkloadClient.Shared.Key];

    /// <summary>Works until it is cancelled, and then until each operation under way has an outcome.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        await _clients[0].SubmitShared();
        await Task.WhenAll(_clients.Select(client => client.Run(cancellationToken)).Append(_operator.Run(cancellationToken)));
    }

    public void Dispose()
    {
        foreach (var client in _clients) client.Dispose();
        _operator.Dispose();
    }
}
