using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Agent;

/// <summary>The addresses of nodes' hosts: a host is an address, or a name that the machine knows how to resolve.</summary>
internal sealed class HostAddresses(TimeProvider time)
{
    private const int MostKnown = 4096;
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, (ImmutableArray<IPAddress> Addresses, long At)> _known =
        new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Its addresses; none when it cannot be resolved.</summary>
    public async ValueTask<ImmutableArray<IPAddress>> Of(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];
        if (_known.TryGetValue(host, out var known) && time.GetElapsedTime(known.At) < Keep) return known.Addresses;
        ImmutableArray<IPAddress> addresses = [];
        try
        {
            addresses = [.. await Dns.GetHostAddressesAsync(host, cancellationToken).WaitAsync(Patience, time, cancellationToken)];
        }
        catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException)
        {
            // It is remembered as well that a name cannot be resolved: else every question would wait for it.
        }

        if (_known.Count >= MostKnown) _known.Clear();
        _known[host] = (addresses, time.GetTimestamp());
        return addresses;
    }
}
