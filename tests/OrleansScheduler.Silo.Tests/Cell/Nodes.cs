namespace OrleansScheduler.Silo.Tests;

/// <summary>Several simulated nodes of a cell.</summary>
internal sealed class Nodes : IAsyncDisposable
{
    private readonly List<SimulatedNode> _nodes = [];

    public List<AttemptId> Started => [.. _nodes.SelectMany(n => n.Started)];

    public static async Task<Nodes> Start(TestCell cell, int count, Func<AttemptId, ScheduleStatus> end)
    {
        var nodes = new Nodes();
        for (var i = 0; i < count; i++) nodes._nodes.Add(
            await SimulatedNode.Start(cell, SimulatedNode.Describe($"n{i:00}", cpu: 5_000), end));
        return nodes;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
    }
}
