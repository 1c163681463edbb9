using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace OrleansScheduler.Gateway;

/// <summary>Connects a gateway to silos, and gives a connection up whose data nobody acknowledges for some seconds.</summary>
/// <remarks>Then calls go by way of other silos.</remarks>
internal sealed class SiloConnections : IConnectionFactory, IDisposable
{
    // A message of the cell can be larger than any bound of these would let through.
    private readonly SocketConnectionContextFactory _contexts;

    public SiloConnections(ILoggerFactory loggers) =>
        _contexts = new(new() { MaxReadBufferSize = null, MaxWriteBufferSize = null }, loggers.CreateLogger<SiloConnections>());

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext> ConnectAsync(System.Net.EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            CellSocket.Bound(socket);
            await socket.ConnectAsync(endpoint, cancellationToken);
            return _contexts.Create(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _contexts.Dispose();
}
