using System.Collections.Concurrent;

namespace OrleansScheduler.Gateway;

/// <summary>Under which name or address nodes are reached. A host changes only when an agent registers anew, so it is remembered.</summary>
internal sealed class NodeHosts(IGrainFactory grains, TimeProvider time)
{
    private const int MostKnown = 20_000;
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (string? Host, long Read)> _known = new(StringComparer.Ordinal);

    /// <summary>The hosts of some nodes; those that nobody knows are left out.</summary>
    public async Task<Dictionary<string, string>> Of(IEnumerable<string> nodes, CancellationToken cancellationToken)
    {
        var hosts = new Dictionary<string, string>(StringComparer.Ordinal);
        var unknown = new List<string>();
        foreach (var node in nodes.Distinct(StringComparer.Ordinal))
        {
            if (!_known.TryGetValue(node, out var known) || time.GetElapsedTime(known.Read) > Keep) unknown.Add(node);
            else if (known.Host is { } host) hosts[node] = host;
        }

        var read = await Fanout.Ask(unknown, (node, token) => grains.GetGrain<INodeGrain>(node).ReadHost(token), cancellationToken);
        if (_known.Count + unknown.Count > MostKnown) _known.Clear();
        foreach (var (node, host) in unknown.Zip(read))
        {
            _known[node] = (host, time.GetTimestamp());
            if (host is not null) hosts[node] = host;
        }

        return hosts;
    }

    /// <summary>The node's agent has registered anew.</summary>
    public void Forget(string node) => _known.TryRemove(node, out _);
}
