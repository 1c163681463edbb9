namespace OrleansScheduler.Chaos;

/// <summary>Somebody who looks after machines: takes one node out of service now and then, and puts it back.</summary>
internal sealed class WorkloadOperator : Requester
{
    private static readonly TimeSpan PutsBackWithin = TimeSpan.FromMinutes(5);
    private readonly ImmutableArray<string> _nodes;

    public WorkloadOperator(string name, ClusterDriver cluster, History history, int seed)
        : base(name, cluster, history, seed) => _nodes = [.. cluster.Agents.Select(ClusterDriver.NodeOf)];

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Pause(8, 20, cancellationToken);
            var node = _nodes[Random.Next(_nodes.Length)];
            if (!await Change(
                Line("drain") with { Target = node }, (client, key) => client.DrainNodeAsync(node, key), static (line, _) => line))
                continue;
            await Pause(3, 8, cancellationToken);

            // Also when the run is over: what is left is judged with all nodes in service.
            await Until(
                () => Change(
                    Line("undrain") with { Target = node }, (client, key) => client.UndrainNodeAsync(node, key), static (line, _) => line),
                PutsBackWithin);
        }
    }
}
