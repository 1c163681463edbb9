using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Tasks of several processes, really run.</summary>
public sealed class TaskProcessesTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Steps_follow_each_other_and_each_has_output_of_its_own()
    {
        var attempt = _node.Launch(Task(
            P("build", "sleep 0.1; echo built >artifact; echo building"),
            P("run", "cat artifact; echo on stderr >&2") with { After = ["build"] }));
        Assert.Equal(Status.Finished, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal(("building\n", "built\n", "on stderr\n"),
            (_node.Output(attempt, process: "build"), _node.Output(attempt, process: "run"), _node.Output(attempt, "stderr", "run")));
    }

    [Fact]
    public async Task The_process_that_failed_is_named_with_how_it_ended()
    {
        var attempt = _node.Launch(Task(P("good", "sleep 1000"), P("bad", "exit 3")));
        var end = await _node.Gateway.End(attempt);
        Assert.Equal((Status.Failed, 3, "Process 'bad' exited with 3."), (end.Status, end.ExitCode, end.Message));
    }

    [Fact]
    public async Task H04_A_final_process_runs_after_the_task_was_killed()
    {
        var attempt = _node.Launch(Task(
            P("main", "echo 1 >ready; exec sleep 1000"), P("clean", "echo cleaned >cleaned") with { Final = true }) with
        {
            FinalizationWait = TimeSpan.FromSeconds(20),
        });
        await _node.Number(attempt, "ready");
        _node.Gateway.Kill(attempt);
        Assert.Equal(Status.Killed, (await _node.Gateway.End(attempt)).Status);
        Assert.Equal("cleaned", _node.SandboxFile(attempt, "cleaned"));
    }

    [Fact]
    public async Task The_steps_go_on_while_no_agent_is_there()
    {
        var attempt = _node.Launch(Task(
            P("first", "echo 1 >ready; while [ ! -e go ]; do sleep 0.02; done"),
            P("second", "echo 2 >second; exit 6") with { After = ["first"] }));
        await _node.Number(attempt, "ready");
        await _node.StopAgent();
        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "go"), "");
        await _node.Number(attempt, "second");
        await _node.StartAgent();
        Assert.Equal((Status.Failed, 6), ((await _node.Gateway.End(attempt)).Status, _node.Gateway.LatestOf(attempt)!.ExitCode));
    }

    private static ProcessSpec P(string name, string script) => new() { Name = name, Command = ["/bin/sh", "-c", script] };

    private static TaskSpec Task(params ImmutableArray<ProcessSpec> processes) => new() { Processes = processes };
}
