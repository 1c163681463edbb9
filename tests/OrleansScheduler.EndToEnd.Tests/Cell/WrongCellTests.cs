using OrleansScheduler.Silo.Tests;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A silo that belongs to another cell than its storage must not start: it would take the storage's owners away from it.</summary>
public sealed class WrongCellTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_silo_names_the_setting_that_does_not_fit_the_storage_and_ends()
    {
        var profile = PostgresTests.ProfileOf(postgres.ConnectionString);
        var (exitCode, output, error) = await Osched.Run("silo --metrics off", seconds: 60, profile);
        Assert.Contains("osched silo --init-storage", error, StringComparison.Ordinal);
        Assert.NotEqual(0, exitCode);
        (exitCode, output, error) = await Osched.Run("silo --init-storage", seconds: 60, profile);
        Assert.True(exitCode == 0, $"{output}\n{error}");

        await using var cell = new RoleCell(_directory, profile);
        using var client = cell.Client;
        cell.Start("silo-1", "gateway");
        await Eventually.True(async () => (await client.DescribeCellAsync()).Value?.Silos == 1, 60, () => cell.Output);

        await Refuses("Orleans__ClusterId", "other", "Orleans:ClusterId is 'other'");
        await Refuses("Orleans__ServiceId", "other", "Orleans:ServiceId is 'other'");
        await Refuses("Orleans__Membership__ProbeTimeout", "1.00:00:00", "Orleans:Membership");
        await Refuses("Orleans__Membership__MissedProbes", "2", "MissedProbes");

        async Task Refuses(string setting, string value, string expected)
        {
            var settings = new Dictionary<string, string>(cell.Environment, StringComparer.Ordinal)
            {
                [setting] = value,
                ["Orleans__Endpoints__SiloPort"] = $"{LoopbackPort.Free()}",
                ["Orleans__Endpoints__GatewayPort"] = $"{LoopbackPort.Free()}",
            };
            var (code, said, complaint) = await Osched.Run("silo --metrics off", seconds: 60, settings);
            Assert.Equal(1, code);
            Assert.True(complaint.Contains(expected, StringComparison.Ordinal), $"{said}\n{complaint}");
        }
    }
}
