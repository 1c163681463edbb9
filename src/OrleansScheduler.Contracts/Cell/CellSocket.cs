using System.Net.Sockets;

namespace OrleansScheduler.Contracts;

/// <summary>When a connection between silos and gateways is given up, the same for all of them.</summary>
/// <remarks>
/// After a link was cut the operating system tries again after twice as long each time, so a connection that it still believes in stays
/// mute for up to as long as the link was away, also when that is whole again.
/// </remarks>
public static class CellSocket
{
    /// <summary>How long what was sent may be unacknowledged: 4 s.</summary>
    public static readonly TimeSpan Unacknowledged = TimeSpan.FromSeconds(4);

    // From Linux' tcp.h: how long data may be unacknowledged, in milliseconds. Other systems go by their own times.
    private const int TcpUserTimeout = 18;
    private const int ProbedAfterSeconds = 10;
    private const int ProbedEverySeconds = 2;

    /// <summary>
    /// Sets the bound: for a connection before it is opened, or for a socket that listens, whose connections then have it too. Who has
    /// nothing to say is asked after ten seconds whether he is there.
    /// </summary>
    /// <exception cref="ArgumentNullException"><paramref name="socket"/> is null.</exception>
    public static void Bound(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (!OperatingSystem.IsLinux()) return;
        socket.SetRawSocketOption(
            (int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes((int)Unacknowledged.TotalMilliseconds));
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, ProbedAfterSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbedEverySeconds);
    }
}
