using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;

namespace OrleansScheduler.Gateway.Tests;

/// <summary>A real gateway on free ports.</summary>
public sealed class GatewayHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private GatewayHost(WebApplication app)
    {
        _app = app;
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        Url = new(addresses[0]);
        AgentUrl = new(addresses[1]);
        Http = new() { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(30) };
    }

    public Uri Url { get; }

    public Uri AgentUrl { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<GatewayHost> Start(
        IGrainFactory grains, TimeProvider? time = null, params IEnumerable<(string Key, string Value)> settings)
    {
        var builder = NewBuilder(settings);
        builder.Services.AddSingleton(grains);
        if (time is not null) builder.Services.AddSingleton(time);
        return await Start(builder);
    }

    public static WebApplicationBuilder NewBuilder(params IEnumerable<(string Key, string Value)> settings)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { EnvironmentName = "Test", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Gateway:Url"] = "http://127.0.0.1:0",
            ["Gateway:AgentUrl"] = "http://127.0.0.1:0",
            ["Cell:Name"] = "testcell",
            ["Gateway:DrainTime"] = "00:00:00",
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        return builder;
    }

    public static async Task<GatewayHost> Start(WebApplicationBuilder builder)
    {
        builder.AddSchedulerGateway();
        var app = builder.Build();
        app.MapSchedulerGateway();
        await app.StartAsync();
        return new(app);
    }

    public Task Stop() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
