using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Composes the gateway into a host. It needs an <see cref="IGrainFactory"/>: from a silo in the same process or from
/// <see cref="ClusterConnectionExtensions.AddSchedulerClusterClient"/>.
/// </summary>
public static class GatewayExtensions
{
    /// <summary>Largest message of an agent: everything that it knows when it registers.</summary>
    private const int MaxAgentMessageBytes = 8 * 1024 * 1024;

    /// <summary>
    /// Adds the gateway's services and its listeners. Reads the sections <c>Gateway</c> (<see cref="GatewayOptions"/>) and <c>Cell</c>.
    /// </summary>
    public static WebApplicationBuilder AddSchedulerGateway(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<GatewayOptions>().Bind(builder.Configuration.GetSection("Gateway")).ValidateOnStart().Validate(
            gateway => gateway.DrainTime >= TimeSpan.Zero && gateway.DrainTime <= TimeSpan.FromSeconds(15),
            "Gateway:DrainTime must be between 00:00:00 and 00:00:15.");
        services.AddOptions<CellOptions>().Bind(builder.Configuration.GetSection("Cell")).ValidateOnStart().Validate(
            cell => cell.HeartbeatPeriod >= TimeSpan.FromMilliseconds(50) && cell.HeartbeatPeriod <= TimeSpan.FromSeconds(30),
            "Cell:HeartbeatPeriod must be between 00:00:00.05 and 00:00:30.");
        services.AddOptions<AdmissionOptions>().BindConfiguration("Gateway:Admission").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, GatewayListeners>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<GatewayTelemetry>();
        services.AddSingleton<Drain>();
        services.AddHostedService(provider => provider.GetRequiredService<Drain>());

        services.AddSingleton<CellHealth>();
        services.AddHostedService(provider => provider.GetRequiredService<CellHealth>());
        services.AddSingleton<RequestAdmission>();
        services.AddSingleton<FileAdmission>();
        services.AddSingleton<AgentAdmission>();
        services.AddSingleton<JobDirectory>();
        services.AddSingleton<JobSubmission>();
        services.AddSingleton<JobPlanner>();
        services.AddSingleton<CronDirectory>();
        services.AddSingleton<TaskDirectory>();
        services.AddSingleton<CellDirectory>();
        services.AddSingleton<CellOwners>();
        services.AddSingleton<CellCheck>();
        services.AddSingleton<CellPageReader>();
        services.AddSingleton<LogStream>();
        services.AddSingleton<EventFeed>();
        services.AddSingleton<NodeHosts>();
        services.AddSingleton<ServiceDirectory>();
        services.AddSingleton<ServiceFollower>();
        services.AddSingleton<TaskSpecJson>();

        services.Configure<JsonOptions>(json =>
        {
            WireJson.Configure(json.SerializerOptions);
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<GatewayOptions>>(
            (timeouts, gateway) => timeouts.DefaultPolicy = new()
            {
                Timeout = gateway.Value.RequestTimeout,
                WriteTimeoutResponse = context => new ProblemResult(Failures.OutcomeUnknown(context.Request.Method)).ExecuteAsync(context),
            });
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxAgentMessageBytes;

            // Else gRPC claims every path of two parts, and a wrong method on one of ours is no longer 405.
            grpc.IgnoreUnknownServices = true;
        });
        services.AddRazorComponents();
        services.AddSchedulerApiDescription();
        return builder;
    }

    /// <summary>
    /// Adds everything that the gateway answers: REST under <c>/v1</c>, its description, health, the page, and the agents' endpoint.
    /// </summary>
    public static WebApplication MapSchedulerGateway(this WebApplication app)
    {
        app.Use(RequestGuards.AddHeaders);
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = Failures.Handle });
        app.UseStatusCodePages(status => Failures.WriteBareStatus(status.HttpContext));
        app.Use(RequestGuards.RefuseEncodedBodies);
        app.Use(RequestGuards.LimitBody);
        app.Use(RequestGuards.RefuseOtherSites);
        app.UseWebSockets();
        app.UseRouting();
        app.Use(RequestGuards.KeepListenersApart);
        app.Use(RequestGuards.RefuseBeforeStart);
        app.Use(RequestGuards.RefuseChangesWhileStopping);
        app.UseRequestTimeouts();
        app.Use(app.Services.GetRequiredService<RequestAdmission>().Admit);
        app.Use(app.Services.GetRequiredService<CellHealth>().MarkAge);

        app.MapJobs();
        app.MapCron();
        app.MapUpdates();
        app.MapTasks();
        app.MapTaskFiles();
        app.MapTaskExec();
        app.MapNodes();
        app.MapEvents();
        app.MapServices();
        app.MapExplain();
        app.MapWhatIf();
        app.MapQuotas();
        app.MapCell();
        app.MapHealth();
        app.MapPages();
        app.MapApiDescription();
        app.MapGrpcService<AgentEndpoint>().WithMetadata(AgentConnection.Mark).DisableRequestTimeout()
            .AdmittedAs(RequestClass.Free);
        return app;
    }
}
