using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Agent.Tests;

internal static class Ports
{
    /// <summary>A port on which nothing listens.</summary>
    public static int Free()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
