using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Cli;

/// <summary>Looks at which loopback ports are free. Another process may take one in between: who listens must still cope.</summary>
internal static class Ports
{
    /// <summary>Pairs are looked for this often before giving up.</summary>
    private const int MaxTries = 50;

    /// <summary>Whether somebody could listen there now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A port that nobody listens on.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The first of two ports in a row that nobody listens on; <paramref name="preferred"/> when both of those are free.</summary>
    public static int FreePair(int preferred)
    {
        var port = preferred;
        for (var i = 0; i < MaxTries && !(IsFree(port) && IsFree(port + 1)); i++) port = Math.Min(Free(), 65534);
        return port;
    }

    /// <summary>A range for tasks, <c>first-last</c>, below the ports that the system gives out by itself.</summary>
    public static string FreeRange(int count)
    {
        var random = new Random();
        var first = 20_000 + random.Next(100) * 100;
        for (var i = 0; i < MaxTries && !Enumerable.Range(first, count).All(IsFree); i++) first = 20_000 + random.Next(100) * 100;
        return $"{first}-{first + count - 1}";
    }
}
