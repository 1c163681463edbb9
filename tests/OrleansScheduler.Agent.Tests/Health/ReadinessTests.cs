using System.Diagnostics;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Readiness apart from health, asked of a real web server.</summary>
public sealed class ReadinessTests : IAsyncLifetime
{
    private static readonly HealthSpec Fast = new()
    {
        Probe = new HealthProbe.Http("http", "/health"),
        Readiness = new HealthProbe.Http("http", "/ready"),
        InitialDelay = TimeSpan.FromSeconds(20),
        Interval = TimeSpan.FromMilliseconds(50),
        Timeout = TimeSpan.FromSeconds(5),
        MaxFailures = 2,
    };

    private static readonly TaskSpec Web = new()
    {
        Command = ["/bin/sh", "-c", "echo ok >health; exec python3 -m http.server --bind 127.0.0.1 ${PORT_HTTP}"],
        Ports = ["http"],
        Health = Fast,
    };

    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_web_server_runs_before_it_is_ready_and_goes_on_when_it_no_longer_is()
    {
        var attempt = _node.Launch(Web, LoopbackPort.Free());
        await Is(attempt, ready: false);

        Touch(attempt, "ready");
        await Is(attempt, ready: true);
        Assert.Equal("Ready.", _node.Gateway.LatestOf(attempt)!.Message);

        File.Delete(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "ready"));
        await Is(attempt, ready: false);
        Assert.Equal("Not ready: GET /ready answered 404.", _node.Gateway.LatestOf(attempt)!.Message);

        // Health goes on beside it, and the end is the newest report of all.
        File.Delete(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "health"));
        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Failed, end.Status);
        Assert.False(end.HasReady);
        var reports = _node.Gateway.AllOf(attempt);
        Assert.All(reports.Where(report => report.Status == Status.Running), report => Assert.True(report.HasReady));
        Assert.Equal(end.Sequence, reports.Max(report => report.Sequence));
        Assert.Equal(4, reports.Where(report => report.Status != Status.Starting).Select(report => report.Sequence).Distinct().Count());
    }

    [Fact]
    public async Task A_task_whose_only_probe_is_of_readiness_runs_at_once_and_is_not_ended_by_it()
    {
        var spec = Node.Shell("exec sleep 1000") with
        {
            Health = Fast with
            {
                Probe = new HealthProbe.Alive(),
                Readiness = new HealthProbe.Command(["/bin/sh", "-c", "echo x >>probed; test -e ready"]),
                InitialDelay = TimeSpan.Zero,
                MaxFailures = 0,
            },
        };
        var attempt = _node.Launch(spec);
        await Wait.Until(() => _node.SandboxFile(attempt, "probed") is { Length: > 10 }, "it is probed a few times");
        await Is(attempt, ready: false);
        Assert.Equal(2, _node.Gateway.LatestOf(attempt)!.Sequence);

        Touch(attempt, "ready");

        await Is(attempt, ready: true);
    }

    [Fact]
    public async Task A_task_without_a_readiness_probe_says_nothing_about_it()
    {
        var attempt = _node.Launch(Node.Shell("exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        Assert.Equal((false, 2L), (_node.Gateway.LatestOf(attempt)!.HasReady, _node.Gateway.LatestOf(attempt)!.Sequence));
    }

    [Fact]
    public async Task A_new_agent_says_what_the_one_before_said_and_once_again_when_it_has_asked_itself()
    {
        var attempt = _node.Launch(Web, LoopbackPort.Free());
        await Is(attempt, ready: false);
        Touch(attempt, "ready");
        await Is(attempt, ready: true);
        var before = _node.Gateway.LatestOf(attempt)!.Sequence;
        await _node.StopAgent();
        var seen = _node.Gateway.AllOf(attempt).Count;

        await _node.StartAgent();

        await _node.Gateway.Connected(2);
        var registered = Assert.Single(_node.Gateway.LastRegister!.Attempts);
        Assert.True(registered.Ready && registered.Sequence >= before);
        await Wait.Until(() => _node.Gateway.LatestOf(attempt)!.Sequence > before, "it is said with a new number");
        Assert.All(_node.Gateway.AllOf(attempt).Skip(seen), report => Assert.True(report.Ready));
    }

    [Fact]
    public async Task A_task_that_flaps_is_heard_at_most_once_a_second()
    {
        var spec = Web with
        {
            Health = Fast with
            {
                Probe = new HealthProbe.Alive(),
                Readiness = new HealthProbe.Command(
                    ["/bin/sh", "-c", "if [ -e flip ]; then rm flip; exit 1; else touch flip; exit 0; fi"]),
                MaxFailures = 0,
            },
        };
        var attempt = _node.Launch(spec, LoopbackPort.Free());
        await Wait.Until(() => Turns() >= 1, "it flaps");
        var began = Stopwatch.GetTimestamp();
        await Wait.Until(() => Turns() >= 4, "it goes on");
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(2.5), $"{Stopwatch.GetElapsedTime(began)}");

        int Turns() => _node.Gateway.AllOf(attempt).Select(report => report.Sequence).Where(number => number > 2).Distinct().Count();
    }

    [Fact]
    public void Readiness_follows_one_success_and_more_failures_in_a_row_than_are_forgiven()
    {
        var tally = new ReadinessTally(Fast, isReady: false);
        var said = new[] { false, true, false, false, true, false, false, false, false, true }.Select(tally.Count);
        Assert.Equal([false, true, true, true, true, true, true, false, false, true], said);
    }

    private Task Is(AttemptId attempt, bool ready) => Wait.Until(
        () => _node.Gateway.LatestOf(attempt) is { Status: Status.Running, HasReady: true } report && report.Ready == ready,
        $"{attempt} is {(ready ? "ready" : "not ready")}");

    private void Touch(AttemptId attempt, string name) =>
        File.WriteAllText(Path.Combine(_node.DirectoryOf(attempt).Sandbox, name), "");
}
