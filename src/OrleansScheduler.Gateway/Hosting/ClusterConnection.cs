using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansScheduler.Gateway;

/// <summary>Connects a gateway that has no silo in its own process to the cluster.</summary>
public static class ClusterConnectionExtensions
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan GatewayListRefresh = TimeSpan.FromSeconds(0.5);

    /// <summary>How long a silo may take to be connected to: time for a second try of the operating system's, and not for its longer
    /// pauses.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    /// <summary>What only silos have. A client would look for providers of its own behind them, and find none.</summary>
    private static readonly string[] OfSilos = ["Orleans:GrainStorage", "Orleans:Reminders", "Orleans:GrainDirectory"];

    /// <summary>
    /// Adds an Orleans client from section <c>Orleans</c> (<c>ClusterId</c>, <c>ServiceId</c>, <c>Clustering</c>); one file of settings may
    /// serve silos and gateways. The server listens while the client still looks for the cluster, and is not ready until then.
    /// </summary>
    public static IHostApplicationBuilder AddSchedulerClusterClient(this IHostApplicationBuilder builder)
    {
        AddDefaults(builder.Configuration);
        builder.Services.Configure<HostOptions>(host => host.ServicesStartConcurrently = true);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IGrainInterfaceTypeProvider, GrainInterfaceNames>());
        builder.Services.AddOrleansClient(SettingsOfClients(builder.Configuration), client =>
        {
            client.UseConnectionRetryFilter<ClusterConnection>();
            client.AddOutgoingGrainCallFilter<RepeatedCalls>();
            client.Configure<ClientMessagingOptions>(messaging =>
            {
                messaging.ResponseTimeout = ResponseTimeout;
                (messaging.MaxMessageBodySize, messaging.MaxMessageHeaderSize) = (CellMessage.MaxBodyBytes, CellMessage.MaxHeaderBytes);
            });
            client.Configure<Orleans.Configuration.GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = GatewayListRefresh);
            client.Configure<ConnectionOptions>(connections => connections.OpenConnectionTimeout = ConnectTimeout);
            ConnectBy<SiloConnections>(client.Services);
        });
        return builder;
    }

    /// <summary>Puts a way to connect in the place of the client's own, whose key is its own too.</summary>
    private static void ConnectBy<TFactory>(IServiceCollection services) where TFactory : class, IConnectionFactory
    {
        foreach (var own in services.Where(s => s.ServiceType == typeof(IConnectionFactory) && s.IsKeyedService).ToList())
            services.Replace(ServiceDescriptor.KeyedSingleton<IConnectionFactory, TFactory>(own.ServiceKey));
    }

    private static IConfiguration SettingsOfClients(IConfiguration configuration) => new ConfigurationBuilder()
        .AddInMemoryCollection(configuration.AsEnumerable().Where(
            setting => !OfSilos.Any(section => setting.Key.StartsWith(section, StringComparison.OrdinalIgnoreCase))))
        .Build();

    /// <summary>
    /// What nobody sets is a silo of the embedded profile on this machine. Defaults rank below everything that the user says, so they are
    /// the first source.
    /// </summary>
    private static void AddDefaults(IConfigurationManager configuration) => configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Orleans:ClusterId"] = configuration["Cell:Name"] ?? "cell",
            ["Orleans:ServiceId"] = configuration["Cell:Name"] ?? "cell",
            ["Orleans:Clustering:ProviderType"] = "Development",
            ["Orleans:Clustering:Gateways:0"] = "127.0.0.1:30000",
            // Filters on every call, for spans that nobody would receive.
            ["Orleans:EnableDistributedTracing"] = string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) ? "false" : "true",
        },
    });
}

/// <summary>How long a client keeps trying to reach the cluster at its start: with growing pauses, and as often as configured.</summary>
internal sealed partial class ClusterConnection(IOptions<GatewayOptions> options, TimeProvider time, ILogger<ClusterConnection> logger)
    : IClientConnectionRetryFilter
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private int _failed;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        _failed++;
        LogNotConnected(_failed, exception.Message);
        if (_failed == options.Value.ConnectAttempts) return false;
        var pause = FirstPause * Math.Pow(2, Math.Min(_failed - 1, 8));
        await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cluster not reached, attempt {Attempt}: {Reason}")]
    private partial void LogNotConnected(int attempt, string reason);
}
