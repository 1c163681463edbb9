using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Cli;

/// <summary>Looks at which loopback ports are free. Another process may take one in between: who listens must still cope.</summary>
internal static class Ports
{
    /// <summary>Pairs are looked for this often before giving up.</summary>
    private const int MaxTries = 50;

    // Below the range out of which Linux serves those who ask for any port (32768 and up), and beside those for tasks: another listener may
    // take one of those between the look and the use.
    private const int First = 10_000;
    private const int Count = 10_000;

    private static readonly Random s_random = new();

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

    /// <summary>A port that nobody listens on, and that the system gives to nobody by itself.</summary>
    public static int Free()
    {
        var port = First + s_random.Next(Count);
        for (var i = 0; i < MaxTries && !IsFree(port); i++) port = First + s_random.Next(Count);
        return port;
    }

    /// <summary>The first of two ports in a row that nobody listens on; <paramref name="preferred"/> when both of those are free.</summary>
    public static int FreePair(int preferred)
    {
        var port = preferred;
        for (var i = 0; i < MaxTries && !(IsFree(port) && IsFree(port + 1)); i++) port = Free();
        return port;
    }

    /// <summary>A range for tasks, <c>first-last</c>, below the ports that the system gives out by itself.</summary>
    public static string FreeRange(int count)
    {
        var first = 20_000 + s_random.Next(100) * 100;
        for (var i = 0; i < MaxTries && !Enumerable.Range(first, count).All(IsFree); i++) first = 20_000 + s_random.Next(100) * 100;
        return $"{first}-{first + count - 1}";
    }
}
