using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

public sealed class RecoveryTests : IDisposable
{
    private static readonly JobKey Key = new("test", "devel", "work");
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_dev_cell_killed_while_fifty_tasks_run_and_fifty_wait_finishes_all_hundred_exactly_once()
    {
        var port = Osched.FreePort();
        var environment = new Dictionary<string,
            string>(StringComparer.Ordinal)
        { ["OSCHED_HOME"] = _directory.State, ["Agent__Capacity__Cpu"] = "5" };
        using var client = new SchedulerClient(new SchedulerClientOptions { Gateway = new Uri($"http://127.0.0.1:{port}") });

        await using (var dev = Osched.Start($"dev --port {port}", environment))
        {
            await Ready(client, () => dev.Output);
            await Submit(client, instances: 100);
            await Until(client, v => v.Counts.GetValueOrDefault("RUNNING") == 50 && v.Counts.GetValueOrDefault("PENDING") == 50, () =>
                dev.Output);
            await dev.Kill();
        }

        _directory.OpenGate();
        ImmutableArray<TaskView> tasks;
        await using (var dev = Osched.Start($"dev --port {port}", environment))
        {
            var view = await Until(client, v => v.Phase is JobPhase.Finished or JobPhase.Failed, () => dev.Output);
            Assert.Equal((90, 10), (view.Counts["FINISHED"], view.Counts["FAILED"]));
            tasks = (await client.ListJobTasksAsync(Key, limit: 100)).Value!.Items;
        }

        AssertAllRanOnce(100, tasks);
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    [InlineData("agent")]
    public async Task A_role_that_is_killed_and_started_again_loses_nothing_and_starts_nothing_twice(string role)
    {
        await using var cell = new RoleCell(_directory);
        using var client = cell.Client;
        cell.Start("silo", "gateway", "agent");
        await Ready(client, () => cell.Output);
        await Submit(client, instances: 40);
        await Until(client, v => v.Counts.GetValueOrDefault("RUNNING") == 20, () => cell.Output);

        await cell.Kill(role);
        _directory.OpenGate();   // some end while the role is away
        await Eventually.True(() => Task.FromResult(_directory.Witnessed().Values.Any(lines => lines is [_, "end"])), 30, () =>
            cell.Output);
        cell.Start(role);

        var view = await Until(client, v => v.Phase is JobPhase.Finished or JobPhase.Failed, () => cell.Output);
        Assert.Equal((36, 4), (view.Counts["FINISHED"], view.Counts["FAILED"]));
        AssertAllRanOnce(40, (await client.ListJobTasksAsync(Key, limit: 100)).Value!.Items);
    }

    [Fact]
    public async Task Tasks_of_a_killed_agent_are_taken_over_and_not_started_again()
    {
        await using var cell = new RoleCell(_directory);
        using var client = cell.Client;
        cell.Start("silo", "gateway", "agent");
        await Ready(client, () => cell.Output);
        await Submit(client, instances: 10);
        await Until(client, v => v.Counts.GetValueOrDefault("RUNNING") == 10, () => cell.Output);

        await cell.Kill("agent");
        cell.Start("agent");
        await Eventually.True(async () =>
            (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready", Generation: 2 }] }, 30, () => cell.Output);

        _directory.OpenGate();
        await Until(client, v => v.Phase is JobPhase.Finished or JobPhase.Failed, () => cell.Output);
        AssertAllRanOnce(10, (await client.ListJobTasksAsync(Key, limit: 100)).Value!.Items);
    }

    /// <summary>What the tasks themselves saw, and what the scheduler says, agree.</summary>
    private void AssertAllRanOnce(int instances, ImmutableArray<TaskView> tasks)
    {
        var witnessed = _directory.Witnessed();
        Assert.Equal(Enumerable.Range(0, instances), witnessed.Keys.Order());
        Assert.All(witnessed.Values, lines => Assert.Equal(["start", "end"], lines));
        Assert.Equal(instances, tasks.Length);
        Assert.All(tasks, t => Assert.Equal((1, TestDirectory.ExpectedExit(t.Instance)), (t.Attempt, t.ExitCode)));
    }

    private static Task Ready(SchedulerClient client, Func<string> output) =>
        Eventually.True(async () => (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready" }] }, 60, output);

    private static async Task<JobView> Until(SchedulerClient client, Func<JobView, bool> condition, Func<string> output)
    {
        JobView? view = null;
        await Eventually.True(async () => (await client.DescribeJobAsync(Key)).Value is { } v && condition(view = v), 90, () =>
            $"{view?.Phase} {string.Join(", ", view?.Counts.Select(c => $"{c.Value} {c.Key}") ?? [])}\n{output()}");
        return view!;
    }

    private async Task Submit(SchedulerClient client, int instances)
    {
        var file = $$"""
            job: {{Key.Name}}
            role: {{Key.Role}}
            env: {{Key.Environment}}
            type: batch
            instances: {{instances}}
            task:
              command: '{{_directory.WitnessedCommand}}'
              resources: { cpu: 0.1, memory: 8MiB }
            """;
        var answer = await client.SubmitJobsAsync(JobFileBody.Of("work.yaml", Encoding.UTF8.GetBytes(file)));
        Assert.Null(answer.Problem);
    }
}
