namespace OrleansScheduler.EndToEnd.Tests;

public sealed class RecoveryTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_dev_cell_killed_while_fifty_tasks_run_and_fifty_wait_finishes_all_hundred_exactly_once()
    {
        var port = LoopbackPort.Free();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OSCHED_HOME"] = _directory.State,
            ["Agent__Capacity__Cpu"] = "5",
        };
        using var client = new SchedulerClient(new SchedulerClientOptions { Gateway = new Uri($"http://127.0.0.1:{port}") });
        var dev = Osched.Start($"dev --port {port}", environment);
        var job = new WitnessedJob(_directory, client, () => dev.Output);
        await using (dev)
        {
            await job.NodeIsReady();
            await job.Submit(instances: 100);
            await job.IsAt(running: 50, pending: 50);
            await dev.Kill();
        }

        _directory.OpenGate();
        dev = Osched.Start($"dev --port {port}", environment);
        await using (dev) await job.EndsWithEachRunOnce(100);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    [InlineData("agent")]
    public async Task A_role_that_is_killed_and_started_again_loses_nothing_and_starts_nothing_twice(string role)
    {
        await using var cell = new RoleCell(_directory);
        using var client = cell.Client;
        var job = new WitnessedJob(_directory, client, () => cell.Output);
        cell.Start("silo", "gateway", "agent");
        await job.NodeIsReady();
        await job.Submit(instances: 40);
        await job.IsAt(running: 20, pending: 20);

        await cell.Kill(role);
        _directory.OpenGate();   // some end while the role is away
        await Eventually.True(
            () => Task.FromResult(_directory.Witnessed().Values.Any(lines => lines is [_, "end"])), 30, () => cell.Output);
        cell.Start(role);
        await job.EndsWithEachRunOnce(40);
    }

    [Fact]
    public async Task An_agent_that_is_killed_fifty_times_loses_no_task_starts_none_twice_and_knows_every_exit_code()
    {
        await using var cell = new RoleCell(_directory, settings: new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Agent__Capacity__Cpu"] = "20",
            ["Agent__Isolation__Level"] = "auto",
            ["Agent__Isolation__User"] = "self",
            ["Agent__ReconnectDelay"] = "00:00:00.1",
        });
        using var client = cell.Client;
        var job = new WitnessedJob(_directory, client, () => cell.Output);
        cell.Start("silo", "gateway", "agent");
        await job.NodeIsReady();
        await job.Submit(instances: 100, _directory.TimedCommand);
        await Eventually.True(() => Task.FromResult(_directory.Witnessed().Count == 100), 60, () => cell.Output);

        for (var kills = 1; kills <= 50; kills++)
        {
            await cell.Kill("agent");
            cell.Start("agent");
            var session = kills + 1;
            await Eventually.True(
                async () => (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready" } node] } && node.Generation >= session,
                60, () => cell.Output);
        }

        await job.EndsWithEachRunOnce(100);
    }

    [Fact]
    public async Task Tasks_of_a_killed_agent_are_taken_over_and_not_started_again()
    {
        await using var cell = new RoleCell(_directory);
        using var client = cell.Client;
        var job = new WitnessedJob(_directory, client, () => cell.Output);
        cell.Start("silo", "gateway", "agent");
        await job.NodeIsReady();
        await job.Submit(instances: 10);
        await job.IsAt(running: 10);

        await cell.Kill("agent");
        cell.Start("agent");
        await Eventually.True(
            async () => (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready", Generation: 2 }] }, 30, () => cell.Output);

        _directory.OpenGate();
        await job.EndsWithEachRunOnce(10);
    }
}
