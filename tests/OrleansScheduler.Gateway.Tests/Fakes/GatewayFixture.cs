using Orleans.TestingHost;

namespace OrleansScheduler.Gateway.Tests;

/// <summary>A cluster of one silo with fake grains, and a gateway in front of it.</summary>
public sealed class GatewayFixture : IAsyncLifetime
{
    private InProcessTestCluster? _cluster;
    private GatewayHost? _gateway;

    public FakeCell Cell { get; } = new();

    public GatewayHost Gateway => _gateway!;

    public HttpClient Http => Gateway.Http;

    /// <summary>As a gateway in a process of its own has it.</summary>
    public IClusterClient Client => _cluster!.Client;

    /// <summary>As a gateway in a silo's process has it.</summary>
    public IGrainFactory SiloGrains => _cluster!.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(initialSilosCount: 1);
        builder.ConfigureSilo((_, silo) => silo.Services.AddSingleton(Cell));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        _gateway = await GatewayHost.Start(Client, time: null, ("Gateway:RequestTimeout", "00:00:01"));
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null) await _gateway.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
    }
}
