using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansScheduler.Cli;

/// <summary>A web server in a page of code: plain sockets, one request a connection, little memory.</summary>
internal static class ExampleWeb
{
    /// <summary>What to ask for to have it crash.</summary>
    public const string CrashPath = "/crash";

    private const int MaxRequestBytes = 4096;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Serves until it is asked to end.</summary>
    public static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        var terminal = session.Terminal;
        if (!int.TryParse(terminal.Variable("PORT_HTTP"), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return session.Refuse("PORT_HTTP has to name the port to listen on");
        }

        var answers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["/health"] = "ok\n",
            ["/"] = $"{terminal.Variable("GREETING") ?? "hello"} from instance {terminal.Variable("OSCHED_INSTANCE") ?? "?"}\n",
        };
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        terminal.Output.WriteLine($"listening on 127.0.0.1:{port}");
        try
        {
            while (true)
            {
                var connection = await listener.AcceptTcpClientAsync(cancellationToken);
                _ = ServeAsync(connection, answers, terminal, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            terminal.Output.WriteLine("asked to end");
            return ExitCode.Ok;
        }
    }

    private static async Task ServeAsync(
        TcpClient connection, Dictionary<string, string> answers, Terminal terminal, CancellationToken cancellationToken)
    {
        using (connection)
        {
            try
            {
                using var deadline = new CancellationTokenSource(RequestTimeout, terminal.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
                var stream = connection.GetStream();
                var path = await ReadPathAsync(stream, either.Token);
                if (path == CrashPath) Crash();
                var found = answers.TryGetValue(path, out var body);
                body ??= "not found\n";
                var head = $"HTTP/1.1 {(found ? "200 OK" : "404 Not Found")}\r\nContent-Type: text/plain\r\n"
                    + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head + body), either.Token);
                if (path is not ("/health" or "")) terminal.Output.WriteLine($"GET {path}");
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The caller went away; the next one is served.
            }
        }
    }

    /// <summary>Ends this process as somebody with a kill command would: at once, and with nothing said.</summary>
    private static void Crash()
    {
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>The path of the request line; the rest of the head is read and dropped.</summary>
    private static async Task<string> ReadPathAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxRequestBytes];
        var length = 0;
        while (length < buffer.Length && buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (count == 0) break;
            length += count;
        }

        return Encoding.ASCII.GetString(buffer, 0, length).Split(' ') is [_, var path, ..] ? path : "";
    }
}
