using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Makes a program a node agent.</summary>
public static class AgentHosting
{
    /// <summary>Adds the agent; it runs as long as the host does. Settings: <see cref="AgentOptions"/>.</summary>
    public static TBuilder AddSchedulerAgent<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        var services = builder.Services;
        services.AddOptions<AgentOptions>().Bind(builder.Configuration.GetSection(AgentOptions.Section)).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AgentOptions>, AgentOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AgentTelemetry>();
        services.TryAddSingleton<TaskSpecReader>();
        services.TryAddSingleton(provider => new StateDirectory(provider.GetRequiredService<IOptions<AgentOptions>>().Value));
        services.TryAddSingleton(OpenJournal);
        services.TryAddSingleton(Describe);
        services.TryAddSingleton<AttemptTable>();
        services.TryAddSingleton<ReportQueue>();
        services.TryAddSingleton<ProcessScanner>();
        services.TryAddSingleton(_ => new ShimProgram(AppContext.BaseDirectory));
        services.TryAddSingleton<SupervisorLauncher>();
        services.TryAddSingleton<CgroupTree>();
        services.TryAddSingleton<DiskQuota>();
        services.TryAddSingleton<TaskIsolation>();
        services.TryAddSingleton<ProcessDriver>();
        services.TryAddSingleton<ContainerEngine>();
        services.TryAddSingleton<EngineImages>();
        services.TryAddSingleton<ContainerGuard>();
        services.TryAddSingleton<ContainerDriver>();
        services.TryAddSingleton<OciRuntime>();
        services.TryAddSingleton<ImageCache>();
        services.TryAddSingleton<OciDriver>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITaskDriver, ProcessDriver>(of => of.GetRequiredService<ProcessDriver>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITaskDriver,
            ContainerDriver>(of => of.GetRequiredService<ContainerDriver>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITaskDriver, OciDriver>(of => of.GetRequiredService<OciDriver>()));
        services.TryAddSingleton<NodeLease>();
        services.TryAddSingleton<ExitWatcher>();
        services.TryAddSingleton<HealthProber>();
        services.TryAddSingleton<HealthWatch>();
        services.TryAddSingleton<ArtifactCache>();
        services.TryAddSingleton<ArtifactDownload>();
        services.TryAddSingleton<ArtifactFetcher>();
        services.TryAddSingleton<TaskRunner>();
        services.TryAddSingleton<CommandHandler>();
        services.TryAddSingleton<LogReader>();
        services.TryAddSingleton<SandboxFiles>();
        services.TryAddSingleton<TaskEntry>();
        services.TryAddSingleton<ExecSessions>();
        services.TryAddSingleton<SandboxKeeper>();
        services.TryAddSingleton<GatewayAddresses>();
        services.TryAddSingleton<ServiceTable>();
        services.TryAddSingleton<TaskTemplates>();
        services.TryAddSingleton<DiskRoom>();
        services.TryAddSingleton<UsageMeter>();
        services.TryAddSingleton<HostAddresses>();
        services.TryAddSingleton<ServiceResolver>();
        services.TryAddSingleton<DnsServer>();
        services.AddHostedService(provider => provider.GetRequiredService<DnsServer>());
        services.AddHostedService<AgentService>();
        services.AddHostedService<ContainerSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<UsageMeter>());
        return builder;
    }

    private static NodeJournal OpenJournal(IServiceProvider services)
    {
        var state = services.GetRequiredService<StateDirectory>();
        return new(state.Root, state.AgentId, services.GetRequiredService<IOptions<AgentOptions>>().Value.NodeId);
    }

    private static NodeDescription Describe(IServiceProvider services)
    {
        // The directory is made first: its file system is part of what is described.
        var state = services.GetRequiredService<StateDirectory>();
        var node = NodeFacts.Detect(services.GetRequiredService<IOptions<AgentOptions>>().Value);
        var attributes = node.Attributes.ToBuilder();
        foreach (var (name, values) in services.GetRequiredService<TaskIsolation>().Attributes()) attributes.TryAdd(name, values);
        return node with { AgentId = state.AgentId, Attributes = attributes.ToImmutable() };
    }
}
