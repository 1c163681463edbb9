using OrleansScheduler.Agent;
using OrleansScheduler.Gateway;
using OrleansScheduler.Silo;

namespace OrleansScheduler.Cli;

/// <summary>The roles' own compositions, in the words of this program. Only here do silo, gateway and agent meet.</summary>
internal static class Roles
{
    /// <summary>Makes the host a silo.</summary>
    public static void AddSilo(this WebApplicationBuilder builder) => builder.AddSchedulerSilo();

    /// <summary>Makes the host a gateway; it needs a silo or a cluster client beside it.</summary>
    public static void AddGateway(this WebApplicationBuilder builder) => builder.AddSchedulerGateway();

    /// <summary>Connects the host to silos elsewhere.</summary>
    public static void AddClusterClient(this WebApplicationBuilder builder) => builder.AddSchedulerClusterClient();

    /// <summary>Makes the host an agent.</summary>
    public static void AddAgent(this WebApplicationBuilder builder) => builder.AddSchedulerAgent();

    /// <summary>Serves what a gateway serves.</summary>
    public static void MapGateway(this WebApplication app) => app.MapSchedulerGateway();

    /// <summary>Creates the tables that the configured storage needs.</summary>
    public static Task<int> InitialiseStorageAsync(Session session, WebApplicationBuilder builder, CancellationToken cancellationToken) => throw new NotSupportedException();
}
