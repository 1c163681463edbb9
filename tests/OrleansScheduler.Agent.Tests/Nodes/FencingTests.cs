namespace OrleansScheduler.Agent.Tests;

public sealed class FencingTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_command_of_an_older_ledger_is_refused_even_by_the_next_agent()
    {
        await _node.Gateway.End(LaunchAt(epoch: 7));
        await _node.StopAgent();
        await _node.StartAgent();
        await _node.Gateway.Connected(times: 2);

        var stale = LaunchAt(epoch: 6);
        await _node.Gateway.End(LaunchAt(epoch: 7));

        Assert.Null(_node.Gateway.LatestOf(stale));
        Assert.False(Directory.Exists(_node.DirectoryOf(stale).Root));
    }

    [Fact]
    public async Task A_kill_of_an_older_ledger_is_refused()
    {
        var attempt = _node.NextAttempt();
        _node.Gateway.Launch(attempt, Node.Shell("exec sleep 1000"), epoch: 7);
        await _node.Gateway.Reaches(attempt, Status.Running);

        _node.Gateway.Kill(attempt, epoch: 6);
        await _node.Gateway.End(LaunchAt(epoch: 7));

        Assert.Equal(Status.Running, _node.Gateway.LatestOf(attempt)!.Status);
    }

    [Fact]
    public async Task A_command_of_an_older_session_is_refused()
    {
        var stale = _node.NextAttempt();
        _node.Gateway.Launch(stale, Node.Shell("true"), generation: _node.Gateway.Generation - 1);
        await _node.Gateway.End(LaunchAt(epoch: 1));

        Assert.Null(_node.Gateway.LatestOf(stale));
    }

    [Fact]
    public async Task Launching_a_known_attempt_again_changes_nothing_and_is_answered_by_its_report()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >>starts; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = await _node.Number(attempt, "starts");
        var reports = _node.Gateway.AllOf(attempt).Count;

        _node.Gateway.Launch(attempt, Node.Shell("echo other >>starts"));

        await Wait.Until(() => _node.Gateway.AllOf(attempt).Count > reports);
        Assert.Equal(main, await _node.Number(attempt, "starts"));
    }

    [Fact]
    public async Task A_late_launch_of_an_attempt_that_was_forgotten_does_not_run_it_again_even_by_the_next_agent()
    {
        var attempt = _node.Launch(Node.Shell("echo 1 >>starts"));
        await _node.EndsUnderAnAgentBefore(attempt);

        _node.Gateway.Launch(attempt, Node.Shell("echo 2 >>starts"));
        await Wait.Until(() => _node.Gateway.AllOf(attempt)[^1].Status == Status.Lost, "it is told to be gone");

        await Wait.Until(() => _node.Services.GetRequiredService<AttemptTable>().Find(attempt) is null);
        Assert.Equal("1", _node.SandboxFile(attempt, "starts"));
    }

    [Fact]
    public async Task Who_waits_for_the_end_of_an_attempt_that_was_forgotten_hears_of_it()
    {
        var attempt = _node.Launch(Node.Shell("true"));
        await _node.Gateway.End(attempt);
        var table = _node.Services.GetRequiredService<AttemptTable>();
        await Wait.Until(() => table.Find(attempt) is null);

        _node.Gateway.Kill(attempt);

        await Wait.Until(() => _node.Gateway.AllOf(attempt)[^1].Status == Status.Killed, "it is told to be gone");
        await Wait.Until(() => table.Find(attempt) is null);
    }

    private AttemptId LaunchAt(long epoch)
    {
        var attempt = _node.NextAttempt();
        _node.Gateway.Launch(attempt, Node.Shell("true"), epoch: epoch);
        return attempt;
    }
}
