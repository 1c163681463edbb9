using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Silo;

/// <summary>What comes of an attempt to connect.</summary>
internal enum EndpointAnswer
{
    /// <summary>Somebody listens, and packets go both ways. It says nothing about how busy, or whether paused, who listens is.</summary>
    Accepts,

    /// <summary>The machine says that nobody listens.</summary>
    Refuses,

    /// <summary>Nothing is heard: the machine, or a link to or from it, is gone.</summary>
    Silent,
}

/// <summary>Connects to a silo only to see whether that is possible: the operating system answers for it, however busy it is.</summary>
internal static class EndpointProbe
{
    /// <summary>Asks once.</summary>
    public static async Task<EndpointAnswer> Ask(IPEndPoint endpoint, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token).ConfigureAwait(false);
            return EndpointAnswer.Accepts;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return e is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? EndpointAnswer.Refuses : EndpointAnswer.Silent;
        }
    }
}
