using System.Security.Cryptography;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>
/// The gateways that take this agent. It begins with any of them, so that many agents with the same list spread, and goes on to the next
/// when a session ends: a gateway that restarts, or is gone for good, must not look like the loss of the node.
/// </summary>
internal sealed class GatewayAddresses : IDisposable
{
    // Room for a registration or a batch of commands with many specs; a message cannot be larger than what may be in flight.
    private const int LargestMessage = 64 * 1024 * 1024;

    private readonly GrpcChannel[] _channels;
    private int _current;

    public GatewayAddresses(IOptions<AgentOptions> options, ILoggerFactory loggers)
    {
        _channels = [.. Split(options.Value.GatewayUrl).Select(address => Channel(address, loggers))];
        _current = RandomNumberGenerator.GetInt32(_channels.Length);
    }

    /// <summary>The gateway whose turn it is.</summary>
    public AgentGateway.AgentGatewayClient Current => new(_channels[_current]);

    /// <summary>The addresses of a list.</summary>
    public static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries);

    /// <summary>The next one's turn; with a single one it is that one's again.</summary>
    public void Next() => _current = (_current + 1) % _channels.Length;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var channel in _channels) channel.Dispose();
    }

    private static GrpcChannel Channel(string address, ILoggerFactory loggers)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,

            // A link that was cut and is whole again is found by a new connection at once, and by an old one only when its last
            // retransmission comes round: each waits twice as long as the one before. So a silent connection is given up early, and
            // attempts to connect are short. A gateway answers pings however busy the cell behind it is.
            ConnectTimeout = TimeSpan.FromSeconds(2),
            KeepAlivePingDelay = TimeSpan.FromSeconds(2),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(4),
        };
        return GrpcChannel.ForAddress(address, new()
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestMessage,
            MaxSendMessageSize = LargestMessage,
            LoggerFactory = loggers,
        });
    }
}
