using System.Globalization;

namespace OrleansScheduler.Agent.Tests;

public sealed class KillOrderTests : IAsyncLifetime
{
    // Writes down what it is asked to do and when, and does none of it.
    private const string Stubborn = """
        import http.server, signal, sys, time
        def note(what): print(what, time.monotonic(), flush=True)
        signal.signal(signal.SIGTERM, lambda *_: note('TERM'))
        class H(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                note(self.path)
                self.send_response(int(sys.argv[2])); self.end_headers()
            def log_message(self, *_): pass
        s = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H)
        note('up')
        s.serve_forever()
        """;

    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task H03_A_task_is_asked_to_be_graceful_then_to_shut_down_then_by_SIGTERM_and_ended_by_SIGKILL()
    {
        var attempt = await Launch(200);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();

        _node.Gateway.Kill(attempt);

        var end = await _node.Gateway.End(attempt);
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(began);
        Assert.Equal((Status.Killed, 9), (end.Status, end.Signal));
        var told = Told(attempt);
        Assert.Equal(["up", "/graceful", "/shutdown", "TERM"], told.Select(line => line.What));
        Assert.True(told[2].At - told[1].At >= 0.45, "the graceful endpoint was not given its time");
        Assert.True(told[3].At - told[2].At >= 0.45, "the shutdown endpoint was not given its time");
        Assert.True(took >= 3 * Grace - TimeSpan.FromMilliseconds(100), $"SIGKILL came after {took}");
    }

    [Fact]
    public async Task H03_An_endpoint_that_does_not_take_it_is_not_waited_for()
    {
        var attempt = await Launch(500);

        _node.Gateway.Kill(attempt);

        await _node.Gateway.End(attempt);
        var told = Told(attempt);
        Assert.Equal(["up", "/graceful", "/shutdown", "TERM"], told.Select(line => line.What));
        Assert.True(told[3].At - told[1].At < 0.4, "it was waited for all the same");
    }

    [Fact]
    public async Task H03_A_task_that_ends_when_it_is_asked_gets_no_signal()
    {
        var script = Stubborn.Replace("self.end_headers()",
            "self.end_headers(); self.wfile.flush(); sys.stdout.flush(); __import__('os')._exit(7)",
            StringComparison.Ordinal);
        var attempt = await Launch(200, script, TimeSpan.FromSeconds(20));

        _node.Gateway.Kill(attempt);

        var end = await _node.Gateway.End(attempt);
        Assert.Equal((Status.Killed, 7), (end.Status, end.ExitCode));
        Assert.Equal(["up", "/graceful"], Told(attempt).Select(line => line.What));
    }

    private async Task<AttemptId> Launch(int status, string script = Stubborn, TimeSpan? grace = null)
    {
        var attempt = _node.Launch(
            new TaskSpec
            {
                Command = ["python3", "-c", script, "${PORT_HTTP}", status.ToString(CultureInfo.InvariantCulture)],
                Ports = ["http"],
                Kill = new() { Grace = grace ?? Grace, GracefulShutdown = "/graceful", Shutdown = "/shutdown" },
            },
            LoopbackPort.Free());
        await Wait.Until(() => _node.Output(attempt).EndsWith('\n'));
        return attempt;
    }

    private List<(string What, double At)> Told(AttemptId attempt) =>
    [
        .. _node.Output(attempt).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Select(words => (words[0], double.Parse(words[1], CultureInfo.InvariantCulture))),
    ];
}
