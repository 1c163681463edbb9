using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Silo;

/// <summary>Connects to a silo only to see what comes of it: its operating system answers, however busy or paused the silo is.</summary>
internal static class EndpointProbe
{
    /// <summary>Whether somebody listens and packets go both ways, within that time.</summary>
    public static async Task<bool> Accepts(IPEndPoint endpoint, TimeSpan patience) =>
        await Connect(endpoint, patience) == SocketError.Success;

    /// <summary>Whether the machine says that nobody listens. One that says nothing does not.</summary>
    public static async Task<bool> Refuses(IPEndPoint endpoint, TimeSpan patience) =>
        await Connect(endpoint, patience) == SocketError.ConnectionRefused;

    private static async Task<SocketError> Connect(IPEndPoint endpoint, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token).ConfigureAwait(false);
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (OperationCanceledException)
        {
            return SocketError.TimedOut;
        }
    }
}
