using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched gateway</c>: the cell's front door.</summary>
internal static class GatewayCommand
{
    public static Verb Create(Shell shell)
    {
        var config = RoleOptions.Config();
        var verbose = RoleOptions.Verbose();
        var url = new Option<string?>("--url")
        {
            Description = "Where the API and the pages are served; http://127.0.0.1:7070 when nothing says otherwise",
            HelpName = "url",
        };
        var agentUrl = new Option<string?>("--agent-url")
        {
            Description = "Where agents connect; http://127.0.0.1:7071 when nothing says otherwise",
            HelpName = "url",
        };
        return new Verb(
            shell, "gateway", "Run a gateway: it serves the API and the pages, and agents connect to it",
            "gateway --config cell.json", "gateway --url http://0.0.0.0:7070 --agent-url http://0.0.0.0:7071")
            .With(config, url, agentUrl, verbose).Runs(async (session, cancellationToken) =>
            {
                var settings = new Dictionary<string, string?>();
                if (session.Value(url) is { } api) settings["Gateway:Url"] = api;
                if (session.Value(agentUrl) is { } agents) settings["Gateway:AgentUrl"] = agents;
                var builder = RoleHost.CreateBuilder(session.Value(config), session.Value(verbose), settings);
                var address = builder.Configuration["Gateway:Url"] ?? SchedulerClientOptions.DefaultGateway.OriginalString;
                return await RoleHost.RunAsync(session, Compose, $"The gateway serves {address}; Ctrl-C ends it.", cancellationToken);

                WebApplication Compose()
                {
                    builder.AddClusterClient();
                    builder.AddGateway();
                    builder.AddTelemetry("gateway");
                    var app = builder.Build();
                    app.MapGateway();
                    app.MapPrometheusScrapingEndpoint();
                    return app;
                }
            });
    }
}
