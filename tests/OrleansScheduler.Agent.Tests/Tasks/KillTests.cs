namespace OrleansScheduler.Agent.Tests;

public sealed class KillTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_task_that_obeys_SIGTERM_ends_killed_with_its_own_code()
    {
        var attempt = _node.Launch(Node.Shell("trap 'exit 3' TERM; echo 1 >ready; while :; do sleep 0.05; done"));
        await _node.Number(attempt, "ready");

        _node.Gateway.Kill(attempt);

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Killed, end.Status);
        Assert.Equal(3, end.ExitCode);
    }

    [Fact]
    public async Task A_killed_task_is_reported_once_its_whole_tree_is_gone()
    {
        var spec = Node.Shell(
            "trap : TERM; echo $$ >main; setsid sh -c 'trap : TERM; echo $$ >daemon; while :; do sleep 1000; done' & "
            + "(trap : TERM; sh -c 'echo $PPID' >child; while :; do sleep 1000; done) & while :; do sleep 1000; done")
            with
        { Kill = new() { Grace = TimeSpan.FromMilliseconds(200) } };
        var attempt = _node.Launch(spec);
        int[] tree = [await _node.Number(attempt, "main"), await _node.Number(attempt, "daemon"), await _node.Number(attempt, "child")];

        _node.Gateway.Kill(attempt);

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Killed, end.Status);
        Assert.Equal(9, end.Signal);
        Assert.All(tree, pid => Assert.False(Node.IsAlive(pid), $"process {pid} still lives"));
    }

    [Fact]
    public async Task A_task_is_asked_on_its_graceful_endpoint_before_it_is_signalled()
    {
        var port = LoopbackPort.Free();
        const string script = """
            import http.server, os, sys
            class H(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    self.send_response(200); self.end_headers(); self.wfile.flush()
                    os._exit(42 if self.path == '/quitquitquit' else 1)
            s = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H)
            print('up', flush=True)
            s.serve_forever()
            """;
        var spec = new TaskSpec
        {
            Command = ["python3", "-c", script, "${PORT_HTTP}"],
            Ports = ["http"],
            Kill = new() { Grace = TimeSpan.FromSeconds(20), GracefulShutdown = "/quitquitquit" },
        };
        var attempt = _node.Launch(spec, port);
        await Wait.Until(() => _node.Output(attempt).Length > 0);

        _node.Gateway.Kill(attempt);

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Killed, end.Status);
        Assert.Equal(42, end.ExitCode);
    }

    [Fact]
    public async Task A_kill_of_an_attempt_that_never_came_is_answered_and_keeps_it_from_running_later()
    {
        var attempt = _node.NextAttempt();
        _node.Gateway.Kill(attempt);
        Assert.Equal(Status.Killed, (await _node.Gateway.End(attempt)).Status);
        await Wait.Until(() => _node.Services.GetRequiredService<AttemptTable>().All.IsEmpty);

        _node.Gateway.Launch(attempt, Node.Shell("echo ran >ran"));
        await _node.Gateway.End(_node.Launch(Node.Shell("true")));

        Assert.Null(_node.SandboxFile(attempt, "ran"));
    }

    [Fact]
    public async Task Attempts_that_no_job_wants_are_ended_and_forgotten_without_a_report()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = await _node.Number(attempt, "main");

        _node.Gateway.Send(new()
        {
            Commands = new()
            {
                Generation = _node.Gateway.Generation,
                Unknown = { new Contracts.Protocol.Attempt { Job = attempt.Job.ToString(), Instance = attempt.Instance, Number = 1 } }
            }
        });

        await Wait.Until(() => _node.Services.GetRequiredService<AttemptTable>().All.IsEmpty);
        Assert.False(Node.IsAlive(main));
        Assert.DoesNotContain(_node.Gateway.AllOf(attempt), report => report.Sequence > 2);
    }

    [Fact]
    public async Task The_tasks_end_with_the_agent_when_that_is_asked_for()
    {
        await using var node = await Node.Start(("Agent:KillTasksOnStop", "true"));
        var attempt = node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        var main = await node.Number(attempt, "main");

        await node.StopAgent();

        Assert.False(Node.IsAlive(main));
    }
}
