using System.Text;
using OrleansScheduler.Silo.Tests;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A cell of two silos on PostgreSQL, told so by its environment alone.</summary>
public sealed class PostgresTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    private static readonly JobKey Key = new("test", "devel", "work");
    private readonly TestDirectory _directory = new();

    /// <summary>The PostgreSQL profile: membership, state and reminders. Gateways need the three lines about clustering only.</summary>
    private Dictionary<string, string> Profile => new(StringComparer.Ordinal)
    {
        ["Orleans__Clustering__ProviderType"] = "AdoNet",
        ["Orleans__Clustering__Invariant"] = "Npgsql",
        ["Orleans__Clustering__ConnectionString"] = postgres.ConnectionString,
        ["Orleans__GrainStorage__Default__ProviderType"] = "AdoNet",
        ["Orleans__GrainStorage__Default__Invariant"] = "Npgsql",
        ["Orleans__GrainStorage__Default__ConnectionString"] = postgres.ConnectionString,
        ["Orleans__Reminders__ProviderType"] = "AdoNet",
        ["Orleans__Reminders__Invariant"] = "Npgsql",
        ["Orleans__Reminders__ConnectionString"] = postgres.ConnectionString,
    };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Each_of_two_silos_may_be_killed_while_fifty_tasks_run_and_wait_and_all_finish_exactly_once()
    {
        for (var time = 1; time <= 2; time++)
        {
            var (exitCode, output, error) = await Osched.Run("silo --init-storage", seconds: 60, Profile);
            Assert.True(exitCode == 0, $"time {time}: {output}\n{error}");
        }

        await using var cell = new RoleCell(_directory, Profile);
        using var client = cell.Client;
        cell.Start("silo-1", "silo-2", "gateway", "agent");
        await Silos(client, 2, cell);
        await Eventually.True(async () => (await client.ListNodesAsync()).Value is { Items: [{ Status: "ready" }] }, 60, () => cell.Output);
        await Submit(client, instances: 50);
        await Until(client, v => v.Counts.GetValueOrDefault("RUNNING") == 20 && v.Counts.GetValueOrDefault("PENDING") == 30, cell);

        await cell.Kill("silo-1");
        await Silos(client, 1, cell);
        await Until(client, v => v.Counts.GetValueOrDefault("RUNNING") == 20, cell);
        cell.Start("silo-1");
        await Silos(client, 2, cell);

        // Whatever was on the first is on the second by now. Tasks end while it is away.
        _directory.OpenGate();
        await cell.Kill("silo-2");

        var view = await Until(client, v => v.Phase is JobPhase.Finished or JobPhase.Failed, cell);
        Assert.Equal((45, 5), (view.Counts["FINISHED"], view.Counts["FAILED"]));
        var witnessed = _directory.Witnessed();
        Assert.Equal(Enumerable.Range(0, 50), witnessed.Keys.Order());
        Assert.All(witnessed.Values, lines => Assert.Equal(["start", "end"], lines));
        Assert.All(
            (await client.ListJobTasksAsync(Key, limit: 100)).Value!.Items,
            t => Assert.Equal((1, TestDirectory.ExpectedExit(t.Instance)), (t.Attempt, t.ExitCode)));
    }

    private static Task Silos(SchedulerClient client, int count, RoleCell cell) =>
        Eventually.True(async () => (await client.DescribeCellAsync()).Value?.Silos == count, 60, () => $"{count} silos\n{cell.Output}");

    private static async Task<JobView> Until(SchedulerClient client, Func<JobView, bool> condition, RoleCell cell)
    {
        JobView? view = null;
        await Eventually.True(async () => (await client.DescribeJobAsync(Key)).Value is { } v && condition(view = v), 90, () =>
            $"{view?.Phase} {string.Join(", ", view?.Counts.Select(c => $"{c.Value} {c.Key}") ?? [])}\n{cell.Output}");
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
