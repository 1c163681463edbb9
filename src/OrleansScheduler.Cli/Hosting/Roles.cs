using System.Data.Common;
using System.Net.Sockets;
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

    /// <summary>Creates the tables that the configured storage needs; the result is the exit code.</summary>
    public static async Task<int> InitialiseStorageAsync(Session session, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var places = DatabasesOf(configuration);
        if (places.Length == 0)
        {
            session.Say("The configured storage needs no tables made beforehand.");
            return ExitCode.Ok;
        }

        try
        {
            foreach (var place in places) await PostgresSchema.Apply(place, cancellationToken);
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or SocketException)
        {
            session.Say($"osched: the tables could not be made: {e.Message}");
            return e is DbException { SqlState: null } or SocketException ? ExitCode.Unreachable : ExitCode.Failed;
        }

        session.Say("The tables are there.");
        return ExitCode.Ok;
    }

    /// <summary>Checks that the configured storage is ready for silos of this build; null when it is, else what is wrong.</summary>
    public static async Task<string?> StorageFault(IConfiguration configuration, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var place in DatabasesOf(configuration)) await PostgresSchema.Require(place, cancellationToken);
            return null;
        }
        catch (Exception e) when (e is DbException or InvalidOperationException or SocketException or ArgumentException)
        {
            return e.Message;
        }
    }

    private static string[] DatabasesOf(IConfiguration configuration) =>
    [
        .. SectionsOf(configuration).Where(IsPostgres).Select(section => section["ConnectionString"]).OfType<string>().Distinct(),
    ];

    private static IEnumerable<IConfigurationSection> SectionsOf(IConfiguration configuration) =>
    [
        .. configuration.GetSection("Orleans:GrainStorage").GetChildren(),
        configuration.GetSection("Orleans:Clustering"),
        configuration.GetSection("Orleans:Reminders"),
    ];

    private static bool IsPostgres(IConfigurationSection section) =>
        section["ProviderType"] == "AdoNet" && section["Invariant"] == "Npgsql";
}
