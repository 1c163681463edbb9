using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Storage;

namespace OrleansScheduler.Silo.Tests;

public sealed class RedisTests : IAsyncLifetime
{
    private readonly RedisServer _server = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _server.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_silo_keeps_membership_reminders_and_journals_there()
    {
        using var silo = Silo();
        await silo.StartAsync(Cancel);
        var bench = new JournalBench(silo.Services.GetRequiredService<IGrainStorage>());

        var members = await silo.Services.GetRequiredService<IMembershipTable>().ReadAllAsync(Cancel);
        Assert.Equal(SiloStatus.Active, Assert.Single(members.Members).Item1.Status);
        await StoreContract.RequireReminders(silo.Services.GetRequiredService<IReminderTable>());
        await StoreContract.RequireRoundTrip(bench);
        await StoreContract.RequireFence(bench);
        await StoreContract.RequireOneCreator(bench);
        await silo.StopAsync(Cancel);
    }

    [Fact]
    public async Task What_was_acknowledged_is_there_after_a_crash()
    {
        using (var silo = Silo())
        {
            await silo.StartAsync(Cancel);
            var (journal, _) = await new JournalBench(silo.Services.GetRequiredService<IGrainStorage>()).Open();
            for (var number = 0; number < 20; number++) await journal.Append($"entry {number}");
            await _server.Stop();
            await _server.Start();
            await silo.StopAsync(Cancel);
        }

        using var next = Silo();
        await next.StartAsync(Cancel);
        var entries = await new JournalBench(next.Services.GetRequiredService<IGrainStorage>()).Recover();

        Assert.Equal([.. Enumerable.Range(0, 20).Select(number => $"entry {number}")], entries);
        await next.StopAsync(Cancel);
    }

    private IHost Silo()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        foreach (var (name, value) in _server.Profile) builder.Configuration[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = ("test", "test"))
            .ConfigureEndpoints(System.Net.IPAddress.Loopback, LoopbackPort.Free(), LoopbackPort.Free()));
        builder.Services.AddSchedulerStorage();
        return builder.Build();
    }
}
