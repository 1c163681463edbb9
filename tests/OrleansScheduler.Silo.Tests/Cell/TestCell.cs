using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>
/// A silo with the embedded store in a directory of its own, in this process. Several in a row over one directory are one cell that was
/// restarted.
/// </summary>
internal sealed class TestCell : IAsyncDisposable
{
    private readonly IHost _host;

    private TestCell(IHost host, CallCounter calls) => (_host, Calls) = (host, calls);

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => _host.Services;

    public CallCounter Calls { get; }

    public IResourceLedgerGrain Ledger => Grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id);

    public static async Task<TestCell> Start(string directory, Action<IHostApplicationBuilder>? configure = null)
    {
        var builder = CreateBuilder(directory);
        var calls = new CallCounter();
        builder.Services.AddSingleton(calls);
        builder.Services.AddSingleton<IIncomingGrainCallFilter>(calls);
        configure?.Invoke(builder);
        var host = builder.Build();
        await host.StartAsync();
        return new TestCell(host, calls);
    }

    /// <summary>A silo on the store in that directory, not yet built.</summary>
    public static HostApplicationBuilder CreateBuilder(string directory)
    {
        var builder = Host.CreateApplicationBuilder();
        var (siloPort, gatewayPort) = (LoopbackPort.Free(), LoopbackPort.Free());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Cell:StateDirectory"] = directory,
            ["Cell:ResendAfter"] = "00:00:01",
            ["Cell:SettleFor"] = "00:00:00",
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
            ["Orleans:Endpoints:SiloPort"] = $"{siloPort}",
            ["Orleans:Endpoints:GatewayPort"] = $"{gatewayPort}",
            ["Orleans:Clustering:PrimarySiloEndPoint"] = $"127.0.0.1:{siloPort}",
        });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.AddSchedulerSilo();
        return builder;
    }

    public IJobGrain Job(JobKey key) => Grains.GetGrain<IJobGrain>(key.ToString());

    public Task<Answer<SubmitReceipt>> Submit(JobSpec spec, string operation = "op-1") =>
        Job(spec.Key).Submit(new SubmitCommand(operation, spec, null, "test"));

    /// <summary>Ends the ledger's activation; the next call finds another owner of its journal.</summary>
    public async Task MoveLedger()
    {
        var before = (await Ledger.Summarise()).Epoch;
        await Ledger.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await Eventually(async () => (await Ledger.Summarise()).Epoch > before, 20);
    }

    /// <summary>Waits until the job satisfies a condition; fails with its last view after the deadline.</summary>
    public async Task<JobView> Until(JobKey key, Func<JobView, bool> condition, int seconds = 60)
    {
        JobView? view = null;
        await Eventually(async () => (view = await Job(key).Describe()) is not null && condition(view), seconds,
            () => $"{key} is {view?.Phase} with {string.Join(", ", view?.Counts.Select(c => $"{c.Value} {c.Key}") ?? [])}");
        return view!;
    }

    public static async Task Eventually(Func<Task<bool>> condition, int seconds, Func<string>? describe = null)
    {
        var deadline = DateTime.UtcNow.AddSeconds(seconds);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            if (DateTime.UtcNow > deadline) Assert.Fail($"not within {seconds} s: {describe?.Invoke()}");
            await timer.WaitForNextTickAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Counts what a cell does: calls of grain methods by interface and activations that were called.</summary>
internal sealed class CallCounter : IIncomingGrainCallFilter
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);
    private readonly System.Collections.Concurrent.ConcurrentDictionary<GrainId, bool> _grains = new();

    public int Total => _calls.Values.Sum();

    public int Grains => _grains.Count;

    public IReadOnlyDictionary<string, int> ByMethod => _calls;

    public void Reset()
    {
        _calls.Clear();
        _grains.Clear();
    }

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceName.StartsWith("osched", StringComparison.Ordinal)
            || context.InterfaceName.StartsWith("OrleansScheduler", StringComparison.Ordinal))
        {
            _calls.AddOrUpdate($"{context.InterfaceName}.{context.MethodName}", 1, (_, n) => n + 1);
            _grains[context.TargetId] = true;
        }

        return context.Invoke();
    }
}
