using System.Net;

namespace OrleansScheduler.Agent;

/// <summary>Answers questions about services by name. It asks nobody else: what lies outside its zone is refused.</summary>
internal sealed class ServiceResolver(ServiceTable services, HostAddresses hosts)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Most endpoints that are looked at for one answer: more fit into no answer that is of use.</summary>
    private const int MostEndpoints = 256;

    /// <summary>The answer to a question.</summary>
    public async Task<DnsAnswer> Answer(DnsQuestion question, CancellationToken cancellationToken)
    {
        if (!ServiceName.IsInZone(question.Labels) || question.Class != DnsQuestion.Internet) return DnsAnswer.Of(DnsStatus.Refused);
        if (question.Labels.Length == 1) return DnsAnswer.Of(DnsStatus.NoError);
        if (ServiceName.Read(question.Labels) is not { } name) return DnsAnswer.Of(DnsStatus.NameError);
        ServiceSnapshot? found = null;
        foreach (var key in name.Keys)
        {
            found = await services.Ask(key, Patience, cancellationToken);
            if (found is not { Exists: false }) break;
        }

        if (found is null) return DnsAnswer.Of(DnsStatus.ServerFailure);
        if (!found.Exists) return DnsAnswer.Of(DnsStatus.NameError);
        var endpoints = found.Endpoints.Where(one => name.Instance is null || one.Instance == name.Instance).ToList();
        if (endpoints.Count == 0) return DnsAnswer.Of(name.Instance is null ? DnsStatus.NoError : DnsStatus.NameError);
        if (name.Port is not { } port)
            return new(DnsStatus.NoError, [.. await Addresses(Turned(endpoints, question.Id), question, cancellationToken)], []);
        if (!endpoints.Exists(one => one.Ports.ContainsKey(port))) return DnsAnswer.Of(DnsStatus.NameError);
        return question.Type is DnsType.Srv or DnsType.Any
            ? await Servers(name, port, Turned(endpoints, question.Id), question, cancellationToken)
            : DnsAnswer.Of(DnsStatus.NoError);
    }

    private async Task<DnsAnswer> Servers(
        ServiceName name, string port, List<ServiceEndpoint> endpoints, DnsQuestion question, CancellationToken cancellationToken)
    {
        var servers = ImmutableArray.CreateBuilder<DnsRecord>();
        var addresses = ImmutableArray.CreateBuilder<DnsRecord>();
        foreach (var one in endpoints)
        {
            if (!one.Ports.TryGetValue(port, out var number) || name.Of(one.Instance) is not { } target) continue;
            servers.Add(new DnsRecord.Server(question.Labels, number, target));
            foreach (var address in await hosts.Of(one.Host, cancellationToken)) addresses.Add(new DnsRecord.Address(target, address));
        }

        return new(DnsStatus.NoError, servers.ToImmutable(), addresses.ToImmutable());
    }

    /// <summary>The addresses of nodes: several instances of one node are one address.</summary>
    private async Task<IEnumerable<DnsRecord>> Addresses(
        List<ServiceEndpoint> endpoints, DnsQuestion question, CancellationToken cancellationToken)
    {
        var addresses = new List<IPAddress>();
        foreach (var host in endpoints.Select(one => one.Host).Distinct(StringComparer.OrdinalIgnoreCase))
            addresses.AddRange(await hosts.Of(host, cancellationToken));
        return addresses.Distinct()
            .Where(address => question.Type == DnsType.Any
                || question.Type == (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? DnsType.A : DnsType.Aaaa))
            .Select(address => new DnsRecord.Address(question.Labels, address));
    }

    /// <summary>Each question starts elsewhere in the list, so that many who take the first are spread.</summary>
    private static List<ServiceEndpoint> Turned(List<ServiceEndpoint> endpoints, ushort id)
    {
        var start = id % endpoints.Count;
        return [.. endpoints.Skip(start).Concat(endpoints.Take(start)).Take(MostEndpoints)];
    }
}
