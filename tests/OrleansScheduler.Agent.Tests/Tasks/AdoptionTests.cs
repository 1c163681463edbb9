using System.Text.Json;

namespace OrleansScheduler.Agent.Tests;

/// <summary>An agent that ends keeps nothing but its files, whether it was stopped or killed; the next one has only those to go
/// by.</summary>
public sealed class AdoptionTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task Tasks_run_on_while_there_is_no_agent_and_the_next_one_takes_the_same_processes_over()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = ProcessStat.Of(await _node.Number(attempt, "main"))!.Value;

        await _node.StopAgent();
        Assert.True(main.StillRuns());
        await _node.StartAgent();
        await _node.Gateway.Connected(times: 2);

        Assert.Equal(Status.Running, Assert.Single(_node.Gateway.LastRegister!.Attempts).Status);
        Assert.True(main.StillRuns());
        _node.Gateway.Kill(attempt);
        Assert.Equal(15, (await _node.Gateway.End(attempt)).Signal);
        Assert.False(main.StillRuns());
    }

    [Theory]
    [InlineData(0, Status.Finished)]
    [InlineData(11, Status.Failed)]
    public async Task A_task_that_ended_while_there_was_no_agent_is_reported_with_its_true_code(int code, Status status)
    {
        var attempt = _node.Launch(Node.Shell($"echo 1 >ready; while [ ! -e go ]; do sleep 0.02; done; exit {code}"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        await _node.Number(attempt, "ready");

        await _node.StopAgent();
        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "go"), "");
        await Wait.Until(() => File.Exists(_node.DirectoryOf(attempt).Exit));
        await _node.StartAgent();

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(status, end.Status);
        Assert.Equal(code, end.ExitCode);
    }

    [Fact]
    public async Task A_task_without_its_supervisor_is_lost_and_none_of_its_processes_stays()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = await _node.Number(attempt, "main");
        await Wait.Until(() => File.Exists(_node.DirectoryOf(attempt).Pid));

        _ = Posix.Kill(_node.SupervisorOf(attempt), Posix.SigKill);

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Lost, end.Status);
        Assert.False(Node.IsAlive(main));
    }

    [Fact]
    public async Task A_supervisor_survives_the_signals_that_end_programs_politely()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; while [ ! -e go ]; do sleep 0.02; done; exit 5"));
        await _node.Number(attempt, "main");
        await Wait.Until(() => File.Exists(_node.DirectoryOf(attempt).Pid));
        var supervisor = _node.SupervisorOf(attempt);

        foreach (var signal in (int[])[1, 2, 15]) _ = Posix.Kill(supervisor, signal);
        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "go"), "");

        Assert.Equal(5, (await _node.Gateway.End(attempt)).ExitCode);
    }

    [Fact]
    public async Task A_task_from_before_the_machine_was_started_again_is_lost()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = await _node.Number(attempt, "main");
        await _node.StopAgent();
        using (var journal = _node.OpenJournal())
            journal.Accept(0, [.. journal.Records.Select(record => record with { BootId = "another boot" })]);

        await _node.StartAgent();

        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Lost, end.Status);
        Assert.True(Node.IsAlive(main), "a process that may be anybody's was ended");
    }

    [Fact]
    public async Task A_task_that_has_ended_and_was_forgotten_is_left_alone_though_its_sandbox_is_still_there()
    {
        var attempt = _node.Launch(Node.Shell("true"));
        await _node.EndsUnderAnAgentBefore(attempt);
        await _node.Gateway.End(_node.Launch(Node.Shell("true")));
        await _node.StopAgent();

        Assert.True(File.Exists(_node.DirectoryOf(attempt).Pid));
        var entries = new List<ReadOnlyMemory<byte>>();
        WriteAheadFile.Read(await File.ReadAllBytesAsync(Path.Combine(_node.State, NodeJournal.FileName)), entries);
        var said = entries.Skip(1).Select(entry => JsonSerializer.Deserialize(entry.Span, JournalJson.Default.JournalEntry)!)
            .Select(entry => entry.Changed).OfType<AttemptRecord>().Where(record => record.Name == attempt.ToString());
        Assert.Equal(ScheduleStatus.Finished, said.Last().Status);
    }

    [Fact]
    public async Task A_task_that_the_journal_does_not_know_ends_and_is_not_spoken_of()
    {
        var attempt = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        var main = await _node.Number(attempt, "main");
        await _node.StopAgent();
        File.Delete(Path.Combine(_node.State, "agent.wal"));

        await _node.StartAgent();

        await _node.Gateway.Connected(2);
        Assert.Empty(_node.Gateway.LastRegister!.Attempts);
        await Wait.Until(() => !Node.IsAlive(main), "it ends");
    }

    [Fact]
    public async Task An_end_that_was_begun_is_carried_on_by_the_next_agent()
    {
        var spec = Node.Shell("trap : TERM; echo $$ >main; while :; do sleep 1000; done")
            with
        { Kill = new() { Grace = TimeSpan.FromSeconds(1) } };
        var attempt = _node.Launch(spec);
        var main = await _node.Number(attempt, "main");
        _node.Gateway.Kill(attempt);
        await Wait.Until(() => _node.Services.GetRequiredService<NodeJournal>().Records.Single().Stop == StopReason.Kill);

        await _node.StopAgent();
        Assert.True(Node.IsAlive(main));
        await _node.StartAgent();

        Assert.Equal(Status.Killed, (await _node.Gateway.End(attempt)).Status);
        Assert.False(Node.IsAlive(main));
    }

    [Fact]
    public async Task An_end_that_nobody_acknowledged_is_said_again_by_the_next_agent()
    {
        _node.Gateway.Acknowledges = false;
        var attempt = _node.Launch(Node.Shell("exit 9"));
        await _node.Gateway.End(attempt);

        await _node.StopAgent();
        await _node.StartAgent();
        await _node.Gateway.Connected(times: 2);

        Assert.Equal(9, Assert.Single(_node.Gateway.LastRegister!.Attempts).ExitCode);
    }

    [Fact]
    public void A_second_agent_cannot_take_a_state_directory_that_is_in_use()
    {
        var refused = Assert.Throws<AgentStartException>(() => new StateDirectory(new() { StateDirectory = _node.State }));

        Assert.Contains("Agent:StateDirectory", refused.Message, StringComparison.Ordinal);
    }
}
