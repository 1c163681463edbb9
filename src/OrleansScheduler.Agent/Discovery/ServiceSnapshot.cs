using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>What the cell last said about a service.</summary>
/// <param name="Exists">Whether there is such a service.</param>
/// <param name="Endpoints">Its healthy instances by number.</param>
internal sealed record ServiceSnapshot(bool Exists, ImmutableArray<ServiceEndpoint> Endpoints)
{
    /// <summary>Reads a message; endpoints that make no sense are left out.</summary>
    public static ServiceSnapshot Of(Protocol.ServiceState state) => new(state.Exists,
    [
        .. state.Endpoints.Where(one => one.Instance >= 0 && one.Host.Length is > 0 and <= 255).Select(one => new ServiceEndpoint(
            one.Instance, one.Host,
            one.Ports.Where(port => port.Value is > 0 and <= ushort.MaxValue)
                .ToImmutableSortedDictionary(StringComparer.OrdinalIgnoreCase)))
            .OrderBy(one => one.Instance),
    ]);
}

/// <summary>One instance of a service.</summary>
/// <param name="Instance">Its number.</param>
/// <param name="Host">Name or address of its node.</param>
/// <param name="Ports">Its ports by name, whatever their case.</param>
internal sealed record ServiceEndpoint(int Instance, string Host, ImmutableSortedDictionary<string, int> Ports);
