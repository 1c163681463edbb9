namespace OrleansScheduler.Cli;

internal static class Roles
{
    public static void AddSilo(this WebApplicationBuilder builder) => throw new NotSupportedException();

    public static void AddGateway(this WebApplicationBuilder builder) => throw new NotSupportedException();

    public static void AddClusterClient(this WebApplicationBuilder builder) => throw new NotSupportedException();

    public static void AddAgent(this WebApplicationBuilder builder) => throw new NotSupportedException();

    public static void MapGateway(this WebApplication app) => throw new NotSupportedException();

    public static Task<int> InitialiseStorageAsync(Session session, WebApplicationBuilder builder, CancellationToken cancellationToken) => throw new NotSupportedException();
}
