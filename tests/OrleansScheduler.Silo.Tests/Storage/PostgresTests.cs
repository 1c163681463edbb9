using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;
using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

public sealed class PostgresTests(PostgresFixture server) : IClassFixture<PostgresFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_schema_can_be_applied_again_and_by_several_processes_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostgresSchema.Apply(server.ConnectionString, Cancel)));
        await PostgresSchema.Apply(server.ConnectionString, Cancel);

        Assert.Equal(20L, await Scalar("SELECT count(*) FROM orleansquery"));
        Assert.Equal(PostgresSchema.Version, await Scalar("SELECT version FROM schedulerschema"));
    }

    [Fact]
    public async Task A_schema_of_a_newer_version_is_left_alone()
    {
        var database = await NewDatabase();
        await PostgresSchema.Apply(database, Cancel);
        await Scalar("UPDATE schedulerschema SET version = version + 1; DELETE FROM orleansquery", database);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => PostgresSchema.Apply(database, Cancel));

        Assert.Contains("newer version", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0L, await Scalar("SELECT count(*) FROM orleansquery", database));
    }

    [Fact]
    public async Task A_silo_keeps_membership_reminders_and_journals_there()
    {
        await PostgresSchema.Apply(server.ConnectionString, Cancel);
        using var silo = Silo();
        await silo.StartAsync(Cancel);
        var bench = new JournalBench(silo.Services.GetRequiredService<IGrainStorage>());

        await RequireMembership();
        await StoreContract.RequireReminders(silo.Services.GetRequiredService<IReminderTable>());
        await StoreContract.RequireRoundTrip(bench);
        await RequireCompactRows();
        await StoreContract.RequireFence(bench);
        await StoreContract.RequireOneCreator(bench);
        await silo.StopAsync(Cancel);
    }

    private async Task RequireMembership()
    {
        Assert.Equal(1L, await Scalar("SELECT count(*) FROM orleansmembershiptable WHERE status = 3"));
        Assert.True((int)(await Scalar("SELECT version FROM orleansmembershipversiontable"))! > 0);
    }

    private async Task RequireCompactRows()
    {
        // Binary rows, not JSON: a row of 248 KiB would have a third more. Deleted rows are gone.
        Assert.InRange((int)(await Scalar("SELECT max(length(payloadbinary)) FROM orleansstorage"))!, 240 * 1024, 256 * 1024);
        Assert.Equal(0L, await Scalar("SELECT count(*) FROM orleansstorage WHERE payloadbinary IS NULL"));
        Assert.Equal(4L, await Scalar("SELECT count(*) FROM orleansstorage"));
    }

    private IHost Silo()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        foreach (var section in (string[])["Clustering", "Reminders", "GrainStorage:Default"])
        {
            builder.Configuration[$"Orleans:{section}:ProviderType"] = "AdoNet";
            builder.Configuration[$"Orleans:{section}:Invariant"] = "Npgsql";
            builder.Configuration[$"Orleans:{section}:ConnectionString"] = server.ConnectionString;
        }

        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("test", "test"))
            .ConfigureEndpoints(System.Net.IPAddress.Loopback, LoopbackPort.Free(), LoopbackPort.Free()));
        builder.Services.AddSchedulerStorage();
        return builder.Build();
    }

    private async Task<string> NewDatabase()
    {
        await Scalar("CREATE DATABASE other");
        return server.ConnectionString.Replace("Database=postgres", "Database=other", StringComparison.Ordinal);
    }

    private async Task<object?> Scalar(string query, string? database = null)
    {
        await using var connection = new NpgsqlConnection(database ?? server.ConnectionString);
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(query, connection);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
