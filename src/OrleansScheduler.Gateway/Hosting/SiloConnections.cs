using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace OrleansScheduler.Gateway;

/// <summary>Connects a gateway to silos, and gives a connection up whose data nobody acknowledges for some seconds.</summary>
/// <remarks>
/// After a link was cut the operating system tries again after twice as long each time, so a connection that it still believes in stays
/// mute for up to as long as the link was away, also when that is whole again. While it is given up, calls go by way of other silos.
/// </remarks>
internal sealed class SiloConnections : IConnectionFactory, IDisposable
{
    private static readonly TimeSpan Unacknowledged = TimeSpan.FromSeconds(4);

    // From Linux' tcp.h: how long data may be unacknowledged, in milliseconds. Other systems go by their own times.
    private const int TcpUserTimeout = 18;

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
            if (OperatingSystem.IsLinux())
            {
                socket.SetRawSocketOption(
                    (int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes((int)Unacknowledged.TotalMilliseconds));
            }

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
