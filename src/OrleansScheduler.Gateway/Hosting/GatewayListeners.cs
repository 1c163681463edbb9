using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>Marks connections that came in where agents connect.</summary>
internal sealed class AgentConnection
{
    public static readonly AgentConnection Mark = new();
}

/// <summary>Sets up the two listeners and every limit of the server.</summary>
internal sealed class GatewayListeners(IOptions<GatewayOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    private const int MaxHeaderBytes = 16 * 1024;

    /// <summary>How much of a body that is refused is read away before the connection is cut.</summary>
    private const int MaxUnwantedBytes = 4 * 1024 * 1024;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = JobLimits.MaxFileBytes + MaxUnwantedBytes;   // RequestGuards.LimitBody refuses at the first
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MaxConcurrentConnections = options.Value.MaxConnections;

        // An agent whose machine has vanished sends no goodbye.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);

        Listen(kestrel, "Gateway:Url", options.Value.Url, HttpProtocols.Http1AndHttp2, agents: false);
        Listen(kestrel, "Gateway:AgentUrl", options.Value.AgentUrl, HttpProtocols.Http2, agents: true);
    }

    private static void Listen(KestrelServerOptions kestrel, string setting, string url, HttpProtocols protocols, bool agents)
    {
        var address = Parse(setting, url);
        if (address.Host is "*" or "+" or "[::]" or "0.0.0.0") kestrel.ListenAnyIP(address.Port, Setup);
        else if (address.Host == "localhost" && address.Port != 0) kestrel.ListenLocalhost(address.Port, Setup);
        else if (address.Host == "localhost") kestrel.Listen(IPAddress.Loopback, 0, Setup);
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)) kestrel.Listen(ip, address.Port, Setup);
        else throw new InvalidOperationException($"{setting} is '{url}': the host must be an IP address, localhost or *.");

        void Setup(ListenOptions listener)
        {
            listener.Protocols = protocols;
            if (!agents) return;
            listener.Use(next => connection =>
            {
                connection.Features.Set(AgentConnection.Mark);
                return next(connection);
            });
        }
    }

    private static BindingAddress Parse(string setting, string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address is { Scheme: "http", PathBase: "" }) return address;
        }
        catch (FormatException)
        {
            // Answered with the rest below.
        }

        throw new InvalidOperationException($"{setting} is '{url}': expected http://host:port. For https put a proxy in front.");
    }
}
