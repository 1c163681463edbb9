using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched agent</c>: runs the tasks of one machine.</summary>
internal static class AgentCommand
{
    public static Verb Create(Shell shell)
    {
        var config = RoleOptions.Config();
        var verbose = RoleOptions.Verbose();
        var metrics = RoleOptions.Metrics("http://127.0.0.1:7073");
        var node = new Option<string?>("--node") { Description = "The node's name; the host name when it is not given", HelpName = "name" };
        var connect = new Option<string?>("--connect")
        {
            Description = "Gateways that take agents, with commas between; http://127.0.0.1:7071 when nothing says otherwise",
            HelpName = "url",
        };
        var state = new Option<string?>("--state")
        {
            Description = "Directory for sandboxes and for what survives a restart",
            HelpName = "directory",
        };
        var attributes = new Option<string[]>("--attribute", "-a")
        {
            Description = "A fact for constraints, such as rack=r1",
            HelpName = "name=value",
        };
        attributes.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.IndexOf('=') < 1) result.AddError($"--attribute: '{token.Value}': expected name=value");
            }
        });
        return new Verb(
            shell, "agent", "Run an agent: it runs tasks on this machine",
            "agent --connect http://gateway:7071 --attribute rack=r1 --attribute zone=a")
            .With(config, node, connect, state, attributes, metrics, verbose).Runs(async (session, cancellationToken) =>
            {
                var settings = new Dictionary<string, string?>();
                if (session.Value(node) is { } id) settings["Agent:NodeId"] = id;
                if (session.Value(connect) is { } url) settings["Agent:GatewayUrl"] = url;
                settings["Agent:StateDirectory"] = Path.GetFullPath(
                    session.Value(state) ?? Path.Combine(session.Terminal.StateDirectory, "agent"));
                foreach (var group in (session.Value(attributes) ?? []).Select(text => text.Split('=', 2)).GroupBy(pair => pair[0]))
                {
                    settings[$"Agent:Attributes:{group.Key}"] = string.Join(',', group.Select(pair => pair[1]));
                }

                settings["Agent:SelfCommand"] = SelfCommand.Value;
                var builder = RoleHost.CreateBuilder(session.Value(config), session.Value(verbose), settings);
                return await RoleHost.RunAsync(session, Compose, "The agent runs; Ctrl-C ends it.", cancellationToken);

                WebApplication Compose()
                {
                    builder.AddAgent();
                    builder.AddTelemetry("agent");
                    builder.AddMetricsListener(GlobalOptions.Address(session.Value(metrics)));
                    var app = builder.Build();
                    app.MapRole();
                    return app;
                }
            });
    }
}
