using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>Takes the connections of gateways and of other silos, and gives those up whose other side acknowledges nothing.</summary>
/// <remarks>
/// As long as a silo believes that a gateway is connected to it, it keeps for that connection whatever its grains have to say to the
/// gateway, answers to what came by way of other silos too.
/// </remarks>
internal sealed class SiloListeners(ILoggerFactory loggers) : IConnectionListenerFactory
{
    // A message of the cell can be larger than any bound of these would let through.
    private readonly SocketTransportFactory _sockets = new(
        Options.Create(new SocketTransportOptions { MaxReadBufferSize = null, MaxWriteBufferSize = null, CreateBoundListenSocket = Bind }),
        loggers);

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        _sockets.BindAsync(endpoint, cancellationToken);

    private static Socket Bind(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        CellSocket.Bound(socket);
        return socket;
    }
}
