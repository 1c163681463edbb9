using System.Net;
using System.Net.Sockets;

namespace OrleansScheduler.Chaos;

/// <summary>Ports for what is started here, or for what must not be there.</summary>
internal static class LoopbackPort
{
    // Below the range out of which Linux serves those who ask for any port (32768 and up), and beside the ports that a demo gives to its
    // tasks (20000 to 30000): what runs side by side is never given one of these.
    private const int First = 10_000;
    private const int Count = 2_500;

    /// <summary>A cell in one process takes the next port, too.</summary>
    private const int Apart = 4;

    private static int s_next = new Random().Next(Count);

    /// <summary>One on which nothing listens, and which nobody here is given again soon.</summary>
    public static int Free()
    {
        while (true)
        {
            var port = First + (Apart * (int)((uint)Interlocked.Increment(ref s_next) % Count));
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Somebody has it: the next one.
            }
        }
    }
}
