using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

public sealed class LeaseTests : IAsyncLifetime
{
    /// <summary>Writes down its number and one that left its group, and goes on for ever.</summary>
    private const string Stubborn =
        "trap '' TERM; setsid sh -c 'echo $$ >other; exec sleep 1000' & echo $$ >main; while :; do sleep 1; done";

    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task A_strict_task_that_is_cut_off_ends_with_all_its_processes_and_is_reported_lost()
    {
        var (attempt, main, other) = await StartStrict();
        _node.Gateway.IsMute = true;
        await Wait.Until(() => !Node.IsAlive(main) && !Node.IsAlive(other), "it ends");

        _node.Gateway.IsMute = false;
        _node.Gateway.Break();
        await _node.Gateway.Reaches(attempt, Status.Lost);
        Assert.Contains("lease", _node.Gateway.LatestOf(attempt)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_task_ends_with_the_lease_also_while_no_agent_is_there_and_the_next_one_reports_it()
    {
        var (attempt, main, other) = await StartStrict();
        await _node.StopAgent();
        await Wait.Until(() => !Node.IsAlive(main) && !Node.IsAlive(other), "it ends");

        await _node.StartAgent();
        await _node.Gateway.Reaches(attempt, Status.Lost);
    }

    [Fact]
    public async Task A_strict_task_ends_with_its_supervisor_because_nobody_else_would_end_it_with_the_lease()
    {
        var (attempt, main, other) = await StartStrict();
        Posix.Kill(_node.SupervisorOf(attempt), Posix.SigKill);
        await Wait.Until(() => !Node.IsAlive(main) && !Node.IsAlive(other), "it ends");
        await _node.Gateway.Reaches(attempt, Status.Lost);
    }

    [Fact]
    public async Task A_strict_task_outlives_an_agent_that_comes_back_before_the_lease_is_over()
    {
        _node.Gateway.LeaseMillis = 20_000;
        var (attempt, main, _) = await StartStrict();
        await _node.StopAgent();
        await _node.StartAgent();
        await _node.Gateway.Connected(2);
        var second = _node.NextAttempt();
        _node.Gateway.LaunchStrict(second, Node.Shell("true"));
        await _node.Gateway.End(second);
        Assert.True(Node.IsAlive(main));
        Assert.Equal(Status.Running, _node.Gateway.LatestOf(attempt)!.Status);
    }

    [Fact]
    public async Task A_strict_task_s_lease_is_renewed_in_time_when_the_cell_wants_few_heartbeats()
    {
        await _node.StopAgent();
        (_node.Gateway.HeartbeatMillis, _node.Gateway.LeaseMillis) = (30_000, 1_500);
        var before = _node.Gateway.Heartbeats;
        await _node.StartAgent();
        await _node.Gateway.Connected(2);
        var (_, main, _) = await StartStrict();
        var renewed = _node.Gateway.Heartbeats;
        await Wait.Until(() => _node.Gateway.Heartbeats >= renewed + 10, "ten heartbeats have come, for more than twice the lease");
        Assert.True(renewed > before);
        Assert.True(Node.IsAlive(main));
    }

    [Fact]
    public async Task A_task_that_is_not_strict_goes_on_without_a_lease()
    {
        _node.Gateway.LeaseMillis = 700;
        var plain = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        var main = await _node.Number(plain, "main");
        var (_, strict, _) = await StartStrict();
        _node.Gateway.IsMute = true;
        await Wait.Until(() => !Node.IsAlive(strict), "the strict one ends");
        Assert.True(Node.IsAlive(main));
    }

    [Fact]
    public async Task Strict_tasks_go_on_while_the_lease_is_renewed()
    {
        await HasLease(700);
        var attempt = _node.NextAttempt();
        _node.Gateway.LaunchStrict(attempt, Node.Shell("i=0; while [ $i -lt 30 ]; do sleep 0.1; i=$((i+1)); done; exit 4"));
        var end = await _node.Gateway.End(attempt);
        Assert.Equal((Status.Failed, 4), (end.Status, end.ExitCode));
        Assert.Empty(Directory.GetFiles(Path.Combine(_node.State, "expired")));
    }

    [Fact]
    public async Task A_strict_task_that_was_accepted_without_a_lease_never_starts_whatever_is_granted_later()
    {
        var attempt = _node.NextAttempt();
        _node.Gateway.LaunchStrict(attempt, Node.Shell("echo ran >ran; exit 0"));
        Assert.Equal(Status.Lost, (await _node.Gateway.End(attempt)).Status);
        await HasLease(20_000);
        Assert.Null(_node.SandboxFile(attempt, "ran"));
    }

    [Fact]
    public void A_lease_counts_from_the_request_and_never_gets_shorter()
    {
        var lease = _node.Services.GetRequiredService<NodeLease>();
        Assert.False(lease.Holds);
        lease.Renew(NodeLease.Now - 10_000, TimeSpan.FromSeconds(9));
        Assert.False(lease.Holds);
        lease.Renew(NodeLease.Now - 10_000, TimeSpan.FromSeconds(60));
        Assert.True(lease.Holds);
        lease.Renew(NodeLease.Now - 10_000, TimeSpan.FromSeconds(5));
        Assert.True(lease.Holds);
    }

    [Fact]
    public void The_clock_of_leases_is_the_one_of_proc_uptime()
    {
        var before = NodeLease.Now;
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) * 1000;
        Assert.InRange(uptime, before - 20, NodeLease.Now + 20);
    }

    private Task HasLease(int millis)
    {
        _node.Gateway.LeaseMillis = millis;
        return Wait.Until(() => _node.Services.GetRequiredService<NodeLease>().Holds, "the node has a lease");
    }

    private async Task<(AttemptId Attempt, int Main, int Other)> StartStrict()
    {
        await HasLease(_node.Gateway.LeaseMillis == 0 ? 1500 : _node.Gateway.LeaseMillis);
        var attempt = _node.NextAttempt();
        _node.Gateway.LaunchStrict(attempt, Node.Shell(Stubborn));
        return (attempt, await _node.Number(attempt, "main"), await _node.Number(attempt, "other"));
    }
}
