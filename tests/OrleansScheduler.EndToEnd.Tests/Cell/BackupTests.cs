namespace OrleansScheduler.EndToEnd.Tests;

public sealed class BackupTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_cell_that_lost_its_store_goes_on_from_a_backup_and_runs_every_task_exactly_once()
    {
        var port = LoopbackPort.Free();
        var state = Path.Combine(_directory.State, "dev");
        var file = Path.Combine(_directory.Path, "cell.bak");
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OSCHED_HOME"] = _directory.State,
            ["OSCHED_GATEWAY"] = $"http://127.0.0.1:{port}",
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
            var backup = await Run($"cell backup {file}");
            Assert.Equal(0, backup.ExitCode);
            Assert.Matches("1 cell, 1 job, 1 jobindex, 1 node, 1 resourceledger", backup.Output);
            Assert.Equal(2, (await Run($"cell backup {file}")).ExitCode);
            var check = await Run("cell verify");
            Assert.True(check.ExitCode == 0, check.Output);
            await dev.Kill();
        }

        Assert.Equal(0, (await Run($"cell verify {file}")).ExitCode);
        environment["Cell__Name"] = "dev";
        environment["Cell__StateDirectory"] = state;
        var refused = await Run($"cell restore {file}");
        Assert.Equal(4, refused.ExitCode);
        Assert.Contains("--force", refused.Error);
        foreach (var rows in Directory.GetFiles(state, "cell.db*")) File.Delete(rows);
        var restored = await Run($"cell restore {file}");
        Assert.True(restored.ExitCode == 0, restored.Error);

        dev = Osched.Start($"dev --port {port}", environment);
        await using (dev)
        {
            await job.NodeIsReady();
            await job.IsAt(running: 50, pending: 50);
            Assert.Equal(0, (await Run("cell resume")).ExitCode);
            _directory.OpenGate();

            // Those that ran are still the first attempt; those that waited have numbers that no agent can have seen.
            await job.EndsWithEachRunOnce(100, attempt => attempt is 1 or > 1_000_000);
        }

        Task<OschedResult> Run(string arguments) => Osched.Run(arguments, seconds: 60, environment);
    }
}
