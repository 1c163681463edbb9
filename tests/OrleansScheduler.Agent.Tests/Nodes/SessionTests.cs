namespace OrleansScheduler.Agent.Tests;

public sealed class SessionTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() =>
        _node = await Node.Start(
            ("Agent:Attributes:rack", "r1, r2"), ("Agent:Capacity:Cpu", "3.5"), ("Agent:Capacity:Memory", "2GiB"),
            ("Agent:Reserved:eng.web", "cpu=1"), ("Agent:Custom:bandwidth", "1000"), ("Agent:Sets:fpga", "f0,f1"),
            ("Agent:Overcommit", "1.5"));

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    private AttemptTable Table => _node.Services.GetRequiredService<AttemptTable>();

    [Fact]
    public async Task An_agent_says_which_one_it_is_and_stays_so_over_restarts()
    {
        var id = _node.Gateway.LastRegister!.AgentId;
        Assert.NotEmpty(id);
        await _node.StopAgent();
        await _node.StartAgent();
        await _node.Gateway.Connected(2);
        Assert.Equal(id, _node.Gateway.LastRegister!.AgentId);
    }

    [Fact]
    public void A_node_says_what_it_is_and_what_it_has()
    {
        var register = _node.Gateway.LastRegister!;

        Assert.Equal("node-1", register.NodeId);
        Assert.Equal(3500, register.Capacity.CpuMillis);
        Assert.Equal(2048, register.Capacity.MemoryMib);
        Assert.True(register.Capacity.DiskMib > 0);
        Assert.Equal((31000, 1001), (register.FirstPort, register.PortCount));
        Assert.Equal(["r1", "r2"], register.Attributes["rack"].Values);
        Assert.Equal(["linux"], register.Attributes["os"].Values);
        Assert.Equal(1000, register.Reserved["eng/web"].CpuMillis);
        Assert.Equal(1_000_000, register.Custom["bandwidth"]);
        Assert.Equal(["f0", "f1"], register.Sets["fpga"].Values);
        Assert.Equal(1.5, register.Overcommit);
        Assert.NotEmpty(register.BootId);
        Assert.Empty(register.Attempts);
    }

    [Fact]
    public async Task When_a_gateway_ends_the_agent_goes_on_to_the_next_one_with_its_tasks()
    {
        await using var other = await FakeGateway.Start();
        await _node.StopAgent();
        await _node.StartAgent(("Agent:GatewayUrl", $"{_node.Gateway.Url}, {other.Url}"));
        await Wait.Until(() => _node.Gateway.Registrations + other.Registrations == 2, "the agent registers at one of them");
        var (first, second) = other.Registrations > 0 ? (other, _node.Gateway) : (_node.Gateway, other);
        var before = second.Registrations;
        var attempt = _node.NextAttempt();
        first.Launch(attempt, Node.Shell("exec sleep 1000"));
        await first.Reaches(attempt, Status.Running);

        await first.DisposeAsync();

        await Wait.Until(() => second.Registrations > before, "the agent registers at the other one");
        Assert.Equal(attempt.Instance, Assert.Single(second.LastRegister!.Attempts).Attempt.Instance);
    }

    [Fact]
    public async Task A_report_is_repeated_until_it_is_acknowledged_and_then_the_attempt_is_forgotten()
    {
        _node.Gateway.Acknowledges = false;
        var attempt = _node.Launch(Node.Shell("exit 4"));
        await Wait.Until(() => _node.Gateway.AllOf(attempt).Count(report => report.Sequence == 3) >= 2, "the end is reported twice");
        Assert.NotNull(Table.Find(attempt));

        _node.Gateway.Acknowledges = true;

        await Wait.Until(() => Table.Find(attempt) is null);
        Assert.False(_node.Services.GetRequiredService<NodeJournal>().Knows(attempt));
    }

    [Fact]
    public async Task The_digest_covers_every_attempt_with_its_last_report()
    {
        var running = _node.Launch(Node.Shell("exec sleep 1000"));
        var ended = _node.Launch(Node.Shell("true"));
        await _node.Gateway.Reaches(running, Status.Running);
        await _node.Gateway.End(ended);
        await Wait.Until(() => Table.Find(ended) is null);

        await Wait.Until(() => _node.Gateway.LastHeartbeat?.Digest == Digest.Of(running, 2));
    }

    [Fact]
    public async Task An_agent_that_differs_says_everything()
    {
        var running = _node.Launch(Node.Shell("exec sleep 1000"));
        await _node.Gateway.Reaches(running, Status.Running);

        _node.Gateway.AnswerHeartbeat = _ => new() { Known = true, InSync = _node.Gateway.AllReports().Any(reports => reports.Full) };

        await Wait.Until(() => _node.Gateway.AllReports().Any(reports => reports.Full));
        var full = _node.Gateway.AllReports().First(reports => reports.Full);
        Assert.Equal(running.ToString(), FakeGateway.NameOf(Assert.Single(full.Reports_).Attempt));
    }

    [Fact]
    public async Task A_session_that_the_gateway_does_not_know_is_begun_again()
    {
        _node.Gateway.AnswerHeartbeat = _ => new() { Known = _node.Gateway.Registrations > 1, InSync = true };

        await _node.Gateway.Connected(times: 2);
    }

    [Fact]
    public async Task A_gateway_that_takes_everything_and_answers_nothing_is_left()
    {
        _node.Gateway.IsMute = true;

        await _node.Gateway.Connected(times: 2);
    }

    [Fact]
    public async Task A_broken_stream_is_replaced_and_nothing_is_lost_in_between()
    {
        var attempt = _node.Launch(Node.Shell("echo 1 >ready; while [ ! -e go ]; do sleep 0.02; done; exit 6"));
        await _node.Number(attempt, "ready");

        _node.Gateway.Break();
        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "go"), "");

        Assert.Equal(6, (await _node.Gateway.End(attempt)).ExitCode);
        await _node.Gateway.Connected(times: 2);
    }

    [Fact]
    public async Task An_agent_that_is_refused_for_good_stops_and_leaves_its_tasks_alone()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        var main = await _node.Number(attempt, "main");
        var stopping = _node.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        _node.Gateway.AnswerRegister = _ =>
            new() { Refused = new() { Code = "node-taken", Message = "Another agent has this node.", Retry = false } };

        _node.Gateway.Break();

        await Wait.Until(() => stopping.IsCancellationRequested);
        Assert.True(Node.IsAlive(main));
    }

    [Fact]
    public async Task Attempts_that_a_registration_calls_unknown_are_ended_and_forgotten()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = await _node.Number(attempt, "main");
        _node.Gateway.AnswerRegister = register => new()
        {
            Registered = new() { Generation = 2, HeartbeatMillis = 100, Unknown = { register.Attempts.Select(report => report.Attempt) } },
        };

        _node.Gateway.Break();

        await Wait.Until(() => Table.All.IsEmpty);
        Assert.False(Node.IsAlive(main));
    }
}
