using OrleansScheduler.Silo.Tests;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A cell of two silos on PostgreSQL, told so by its environment alone.</summary>
public sealed class PostgresTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    private readonly TestDirectory _directory = new();

    private Dictionary<string, string> Profile => ProfileOf(postgres.ConnectionString);

    public void Dispose() => _directory.Dispose();

    /// <summary>The PostgreSQL profile: membership, state and reminders. Gateways need the three lines about clustering only.</summary>
    internal static Dictionary<string, string> ProfileOf(string connectionString) => new(StringComparer.Ordinal)
    {
        ["Orleans__Clustering__ProviderType"] = "AdoNet",
        ["Orleans__Clustering__Invariant"] = "Npgsql",
        ["Orleans__Clustering__ConnectionString"] = connectionString,
        ["Orleans__GrainStorage__Default__ProviderType"] = "AdoNet",
        ["Orleans__GrainStorage__Default__Invariant"] = "Npgsql",
        ["Orleans__GrainStorage__Default__ConnectionString"] = connectionString,
        ["Orleans__Reminders__ProviderType"] = "AdoNet",
        ["Orleans__Reminders__Invariant"] = "Npgsql",
        ["Orleans__Reminders__ConnectionString"] = connectionString,
    };

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
        var job = new WitnessedJob(_directory, client, () => cell.Output);
        cell.Start("silo-1", "silo-2", "gateway", "agent");
        await Silos(client, 2, cell);
        await job.NodeIsReady();
        await job.Submit(instances: 50);
        await job.IsAt(running: 20, pending: 30);

        await cell.Kill("silo-1");
        await Silos(client, 1, cell);
        await job.IsAt(running: 20, pending: 30);
        cell.Start("silo-1");
        await Silos(client, 2, cell);

        // Whatever was on the first is on the second by now. Tasks end while it is away.
        _directory.OpenGate();
        await cell.Kill("silo-2");
        await job.EndsWithEachRunOnce(50);
    }

    private static Task Silos(SchedulerClient client, int count, RoleCell cell) =>
        Eventually.True(async () => (await client.DescribeCellAsync()).Value?.Silos == count, 60, () => $"{count} silos\n{cell.Output}");
}
