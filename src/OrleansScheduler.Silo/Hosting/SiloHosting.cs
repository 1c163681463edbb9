using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansScheduler.Silo;

/// <summary>
/// Makes a host a silo of a cell. Clustering, storage, endpoints and names come from the configuration section <c>Orleans</c>, the cell's
/// own settings from <c>Cell</c>.
/// </summary>
public static class SiloHosting
{
    /// <summary>
    /// How long the strict directory waits for a silo that was declared dead to have noticed it. Orleans' default of 30 s would be an
    /// outage at every death of a silo.
    /// </summary>
    private static readonly TimeSpan DirectoryLease = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Adds the silo. What the configuration does not say is the embedded profile: one silo, SQLite in <c>Cell:StateDirectory</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">No storage is configured and there is no state directory for the embedded
    /// one.</exception>
    public static IHostApplicationBuilder AddSchedulerSilo(this IHostApplicationBuilder builder)
    {
        AddDefaults(builder.Configuration);
        builder.Services.AddOptions<CellOptions>().BindConfiguration(CellOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<ClusterMembershipOptions>().BindConfiguration(
            MembershipValidator.Section, binder => binder.ErrorOnUnknownConfiguration = true).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ClusterMembershipOptions>, MembershipValidator>();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IGrainInterfaceTypeProvider, GrainInterfaceNames>());
        builder.Services.AddSingleton<SiloTelemetry>();
        builder.Services.AddSchedulerStorage();
        builder.Services.AddSingleton<SafeMode>();
        builder.Services.AddSingleton<SlaCoordinators>();
        builder.Services.AddSingleton<EventOutbox>();
        builder.Services.AddSingleton<MetricReader>();
        builder.Services.AddSingleton<SlaFigures>();
        builder.Services.AddSingleton(new EndedJobs(EndedJobs.Held));
        builder.Services.AddSingleton<IPeers, PeerClient>();
        builder.Services.AddSingleton<SiloAuthority>();
        builder.Services.AddSingleton<MembershipHealth>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StoreCheck>();
        builder.UseOrleans(silo => AddDirectory(silo, builder.Configuration)
            .AddGrainService<PeerService>()
            .Configure<SiloMessagingOptions>(options =>
            {
                options.ResponseTimeout = TimeSpan.FromSeconds(10);

                // What is on its way when a connection breaks gets no answer: who waits for it waits that long, also when all is well
                // again. Looking a grain up, which all calls of it wait for, takes milliseconds; Orleans' own default for both is 30 s.
                options.SystemResponseTimeout = TimeSpan.FromSeconds(3);
                options.PlacementTimeout = TimeSpan.FromSeconds(6);

                // A gateway that has lost its connection to this silo has others. Until then answers to it are kept here, and not sent by
                // way of those; Orleans' own default is a minute.
                options.ClientDropTimeout = TimeSpan.FromSeconds(1);
                options.MaxEnqueuedRequestsHardLimit = 20_000;
                (options.MaxMessageBodySize, options.MaxMessageHeaderSize) = (CellMessage.MaxBodyBytes, CellMessage.MaxHeaderBytes);
            }));
        BePatient(builder.Services);
        ListenBy<SiloListeners>(builder.Services);
        builder.Services.Replace(ServiceDescriptor.Singleton<IFatalErrorHandler, PromptEnd>());
        builder.Services.AddHostedService<PauseWatch>();

        // Behind Orleans: they start when the silo is active.
        builder.Services.AddHostedService(services => services.GetRequiredService<SiloAuthority>());
        builder.Services.AddHostedService<PeerWatch>();
        builder.Services.AddHostedService<StorageWatch>();
        builder.Services.AddHostedService<MembershipWatch>();
        builder.Services.AddHostedService<CellKeeper>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EventOutbox>());
        return builder;
    }

    /// <summary>Puts patience before the membership table that the configuration has chosen.</summary>
    private static void BePatient(IServiceCollection services)
    {
        if (services.LastOrDefault(service => service.ServiceType == typeof(IMembershipTable)) is not { } chosen) return;
        services.Replace(ServiceDescriptor.Singleton<IMembershipTable>(provider =>
        {
            var table = chosen.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, chosen.ImplementationType!);
            return ActivatorUtilities.CreateInstance<PatientMembershipTable>(provider, table);
        }));
    }

    /// <summary>Puts a way to listen in the place of the silo's own, whose keys are its own too.</summary>
    private static void ListenBy<TFactory>(IServiceCollection services) where TFactory : class, IConnectionListenerFactory
    {
        foreach (var own in services.Where(s => s.ServiceType == typeof(IConnectionListenerFactory) && s.IsKeyedService).ToList())
            services.Replace(ServiceDescriptor.KeyedSingleton<IConnectionListenerFactory, TFactory>(own.ServiceKey));
    }

    private static ISiloBuilder AddDirectory(ISiloBuilder silo, IConfiguration configuration)
    {
        var kind = configuration.GetValue($"{CellOptions.Section}:{nameof(CellOptions.GrainDirectory)}", GrainDirectoryKind.Local);
        if (kind != GrainDirectoryKind.Distributed) return silo;
        silo.Services.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = DirectoryLease);
#pragma warning disable ORLEANSEXP003 // Experimental, and chosen by whoever configures it.
        return silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
    }

    /// <summary>Defaults rank below everything that the user says, so they are the first source.</summary>
    private static void AddDefaults(IConfigurationManager configuration)
    {
        var defaults = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Orleans:ClusterId"] = configuration["Cell:Name"] ?? "cell",
            ["Orleans:ServiceId"] = configuration["Cell:Name"] ?? "cell",
            ["Orleans:Clustering:ProviderType"] = "Development",
            // Filters on every call, for spans that nobody would receive.
            ["Orleans:EnableDistributedTracing"] = string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]) ? "false" : "true",

            // A crash is seen in half a second and a hang in under two; Orleans' own defaults take 13 and 66 s.
            ["Orleans:Membership:ProbeTimeout"] = "00:00:00.5",
            ["Orleans:Membership:MinProbeTimeout"] = "00:00:00.25",
            ["Orleans:Membership:MaxProbeTimeout"] = "00:00:00.5",
            ["Orleans:Membership:NumMissedProbesLimit"] = "2",

            // A last silo may outvote those that have not said for three seconds that they live, and a cell that was lost as a whole can
            // start again on other addresses after that time; with Orleans' own defaults both take 90 s.
            // It notices that when it reads the table the next time.
            ["Orleans:Membership:IAmAliveTablePublishTimeout"] = "00:00:01",
            ["Orleans:Membership:NumMissedTableIAmAliveLimit"] = "3",
            ["Orleans:Membership:TableRefreshTimeout"] = "00:00:01",
        };

        // The one silo of the embedded profile has its gateways on this machine. Others have to be told where they are reached anyway.
        if (configuration["Orleans:Clustering:ProviderType"] is null)
            defaults["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1";
        if (configuration["Orleans:GrainStorage:Default:ProviderType"] is null)
        {
            var directory = configuration["Cell:StateDirectory"] ?? throw new InvalidOperationException(
                "No grain storage is configured: set Orleans:GrainStorage:Default:ProviderType, or Cell:StateDirectory for SQLite.");
            defaults["Orleans:GrainStorage:Default:ProviderType"] = "Sqlite";
            defaults["Orleans:GrainStorage:Default:DataSource"] = Path.Combine(directory, "cell.db");
        }

        configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = defaults });
    }
}
