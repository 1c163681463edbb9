namespace OrleansScheduler.Agent.Tests;

public sealed class HealthTests : IAsyncLifetime
{
    private static readonly HealthSpec Fast = new()
    {
        Probe = new HealthProbe.Tcp("http"),
        InitialDelay = TimeSpan.FromSeconds(20),
        Interval = TimeSpan.FromMilliseconds(50),
        Timeout = TimeSpan.FromSeconds(5),
    };

    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_web_server_is_running_once_it_answers()
    {
        var spec = new TaskSpec
        {
            Command = ["/bin/sh", "-c",
                "echo ok >health; while [ ! -e go ]; do sleep 0.02; done; exec python3 -m http.server --bind 127.0.0.1 ${PORT_HTTP}"],
            Ports = ["http"],
            Health = Fast with { Probe = new HealthProbe.Http("http", "/health"), Interval = TimeSpan.FromSeconds(10) },
        };
        var attempt = _node.Launch(spec, LoopbackPort.Free());
        await _node.Gateway.Reaches(attempt, Status.Starting);
        Assert.Equal(Status.Starting, _node.Gateway.LatestOf(attempt)!.Status);

        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "go"), "");

        await _node.Gateway.Reaches(attempt, Status.Running);
    }

    [Fact]
    public async Task A_web_server_that_answers_with_an_error_fails_with_its_whole_tree()
    {
        var spec = new TaskSpec
        {
            Command = ["/bin/sh", "-c", "echo $$ >main; exec python3 -m http.server --bind 127.0.0.1 ${PORT_HTTP}"],
            Ports = ["http"],
            Health = Fast with
            {
                Probe = new HealthProbe.Http("http", "/missing"),
                InitialDelay = TimeSpan.FromMilliseconds(100),
                MaxFailures = 1
            },
        };
        var attempt = _node.Launch(spec, LoopbackPort.Free());

        var end = await _node.Gateway.End(attempt);

        Assert.Equal(Status.Failed, end.Status);
        Assert.StartsWith("Failed health check!", end.Message, StringComparison.Ordinal);
        Assert.False(Node.IsAlive(await _node.Number(attempt, "main")));
        Assert.DoesNotContain(_node.Gateway.AllOf(attempt), report => report.Status == Status.Running);
    }

    [Fact]
    public async Task A_task_is_well_while_its_port_takes_connections_and_fails_when_it_does_no_longer()
    {
        const string Listener = """
            import os, socket, time
            with socket.create_server(("127.0.0.1", int(os.environ["PORT_HTTP"]))):
                while not os.path.exists("stop"): time.sleep(0.02)
            time.sleep(1000)
            """;
        var attempt = _node.Launch(
            new()
            {
                Command = ["python3", "-c", Listener],
                Ports = ["http"],
                Health = Fast with { InitialDelay = TimeSpan.FromSeconds(5) },
            },
            LoopbackPort.Free());
        await _node.Gateway.Reaches(attempt, Status.Running);

        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "stop"), "");

        Assert.Equal(Status.Failed, (await _node.Gateway.End(attempt)).Status);
    }

    [Fact]
    public async Task A_command_decides_in_the_sandbox_with_the_environment_of_the_task()
    {
        var spec = Node.Shell("exec sleep 1000") with
        {
            Env = ImmutableSortedDictionary<string, string>.Empty.Add("FLAG", "well"),
            Health = Fast with
            {
                Probe = new HealthProbe.Command(["/bin/sh", "-c",
                "test -e \"$FLAG\" && test ${INSTANCE} = \"$OSCHED_INSTANCE\""])
            },
        };
        var attempt = _node.Launch(spec);
        await _node.Gateway.Reaches(attempt, Status.Starting);

        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "well"), "");

        await _node.Gateway.Reaches(attempt, Status.Running);
    }

    [Fact]
    public async Task H01_A_task_is_running_only_after_enough_successes_in_a_row()
    {
        var spec = Node.Shell("exec sleep 1000") with
        {
            Health = Fast with
            {
                Probe = new HealthProbe.Command(["/bin/sh", "-c", "echo x >>probed; test $(wc -l <probed) -ne 2"]),
                MinSuccesses = 3,
                MaxFailures = 1,
            },
        };
        var attempt = _node.Launch(spec);

        await _node.Gateway.Reaches(attempt, Status.Running);

        // One success, one failure, three successes.
        Assert.InRange(_node.SandboxFile(attempt, "probed")!.Split('\n').Length, 5, 6);
    }

    [Fact]
    public async Task A_command_that_takes_too_long_has_failed_and_is_ended()
    {
        var spec = Node.Shell("exec sleep 1000") with
        {
            Health = Fast with
            {
                Probe = new HealthProbe.Command(["/bin/sh", "-c", "echo $$ >probe; sleep 1000"]),
                InitialDelay = TimeSpan.Zero,
                Timeout = TimeSpan.FromMilliseconds(500),
            },
        };
        var attempt = _node.Launch(spec);

        var end = await _node.Gateway.End(attempt);

        Assert.Contains("no answer within 0.5 s", end.Message, StringComparison.Ordinal);
        Assert.False(Node.IsAlive(await _node.Number(attempt, "probe")));
    }

    [Fact]
    public async Task H02_A_snoozed_task_is_not_probed()
    {
        var spec = Node.Shell("touch .healthchecksnooze; echo 1 >ready; exec sleep 1000") with
        {
            Health = Fast with
            {
                Probe = new HealthProbe.Command(["/bin/sh", "-c", "test -e ready || exit 0; echo x >>probed; exit 1"]),
                InitialDelay = TimeSpan.Zero,
                MaxFailures = 1000
            },
        };
        var attempt = _node.Launch(spec);
        await _node.Number(attempt, "ready");
        await _node.Gateway.Reaches(attempt, Status.Running);
        var probed = Probed();

        File.Delete(Path.Combine(_node.DirectoryOf(attempt).Sandbox, ".healthchecksnooze"));

        await Wait.Until(() => Probed() > probed + 1);
        Assert.InRange(probed, 0, 1);

        int Probed() => _node.SandboxFile(attempt, "probed")?.Split('\n').Length ?? 0;
    }
}
