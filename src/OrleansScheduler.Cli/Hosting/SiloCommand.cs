using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched silo</c>: holds the cell's state and decides.</summary>
internal static class SiloCommand
{
    public static Verb Create(Shell shell)
    {
        var config = RoleOptions.Config();
        var verbose = RoleOptions.Verbose();
        var metrics = RoleOptions.Metrics("http://127.0.0.1:7072");
        var initialise = new Option<bool>("--init-storage")
        {
            Description = "Create the tables that the configured storage needs, and exit",
        };
        return new Verb(
            shell, "silo", "Run a silo: it holds the cell's state and decides where tasks run",
            "silo --config cell.json", "silo --config cell.json --init-storage")
            .With(config, initialise, metrics, verbose).Runs(async (session, cancellationToken) =>
            {
                var builder = RoleHost.CreateBuilder(session.Value(config), session.Value(verbose), new Dictionary<string, string?>());
                if (session.Value(initialise)) return await Roles.InitialiseStorageAsync(session, builder.Configuration, cancellationToken);
                if (await Roles.StorageFault(builder.Configuration, cancellationToken) is { } fault)
                {
                    session.Say($"osched: {fault}");
                    return ExitCode.Failed;
                }

                builder.Configuration["Cell:StateDirectory"] ??= Path.Combine(session.Terminal.StateDirectory, "silo");
                return await RoleHost.RunAsync(session, Compose, "The silo runs; Ctrl-C ends it.", cancellationToken);

                WebApplication Compose()
                {
                    builder.AddSilo();
                    builder.AddTelemetry("silo");
                    builder.AddMetricsListener(GlobalOptions.Address(session.Value(metrics)));
                    var app = builder.Build();
                    app.MapRole();
                    return app;
                }
            });
    }
}
