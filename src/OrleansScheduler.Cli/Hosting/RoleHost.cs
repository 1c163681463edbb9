using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Cli;

/// <summary>Builds and runs the processes of a cell. The one place that puts silo, gateway and agent together.</summary>
internal static class RoleHost
{
    /// <summary>Categories that warn of what is meant to be: the garbage collector chosen here, the time from the machine's start to the
    /// watchdog's first look, retries while a silo starts, HTTP/2 without TLS.</summary>
    private static readonly string[] Chatty =
        ["Orleans.Runtime.Silo", "Orleans.Runtime.Watchdog", "Polly", "Microsoft.AspNetCore.Server.Kestrel"];

    /// <summary>What a role may take to end in good order, before it is cut off.</summary>
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(20);

    /// <summary>A builder that is quiet and knows the settings of files, the environment and <paramref name="settings"/>, the last
    /// winning.</summary>
    public static WebApplicationBuilder CreateBuilder(string? file, bool verbose, IReadOnlyDictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        if (file is not null) builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTime);
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(verbose ? LogLevel.Information : LogLevel.Warning);
        if (!verbose)
        {
            foreach (var category in Chatty) builder.Logging.AddFilter(category, LogLevel.Error);
        }

        // Standard output belongs to data, also while a role runs.
        builder.Logging.AddSimpleConsole(console =>
        {
            (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ ");
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return builder;
    }

    /// <summary>Serves metrics and health checks of a role that has no listener of its own; null serves none.</summary>
    public static void AddMetricsListener(this WebApplicationBuilder builder, Uri? address)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (address is null) return;
            if (IPAddress.TryParse(address.Host, out var ip)) kestrel.Listen(ip, address.Port);
            else if (address.IsLoopback) kestrel.ListenLocalhost(address.Port);
            else kestrel.ListenAnyIP(address.Port);
        });
        if (address is null) builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "http://127.0.0.1:0");
        builder.Services.AddHealthChecks().AddCheck<Readiness>("ready");
    }

    /// <summary>The addresses that a role without pages serves.</summary>
    public static void MapRole(this WebApplication app)
    {
        app.MapPrometheusScrapingEndpoint();
        app.MapHealthChecks("/healthz/live", new() { Predicate = _ => false });
        app.MapHealthChecks("/healthz/startup");
        app.MapHealthChecks("/healthz/ready");
    }

    /// <summary>
    /// Puts a role together and runs it until it is asked to end; a listener that is taken or a setting that is wrong is said in one line.
    /// </summary>
    public static async Task<int> RunAsync(
        Session session, Func<WebApplication> compose, string ready, CancellationToken cancellationToken)
    {
        WebApplication? app = null;
        try
        {
            app = compose();
            await app.StartAsync(cancellationToken);
            session.Say(ready);
            await app.WaitForShutdownAsync(cancellationToken);
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or SocketException or OptionsValidationException)
        {
            session.Say($"osched: {e.Message}");
            return ExitCode.Failed;
        }
        finally
        {
            if (app is not null) await app.DisposeAsync();
        }
    }
}
