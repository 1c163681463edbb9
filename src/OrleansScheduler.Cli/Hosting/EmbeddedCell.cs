using System.Globalization;
using System.Text;

namespace OrleansScheduler.Cli;

/// <summary>Where an embedded cell lives.</summary>
internal sealed record EmbeddedCellOptions
{
    /// <summary>Directory for the store, the sandboxes and the lock.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>Port of the API and the pages; agents use the next one.</summary>
    public required int Port { get; init; }

    /// <summary>Name of the cell.</summary>
    public required string Name { get; init; }

    /// <summary>Ports that tasks get, <c>first-last</c>; null for the agent's own default.</summary>
    public string? TaskPorts { get; init; }

    /// <summary>Whether tasks end with the cell. Otherwise they go on, and the next cell on the same directory takes them over.</summary>
    public bool StopsTasks { get; init; }

    /// <summary>Whether this machine is a node of it. Default true.</summary>
    public bool RunsAgent { get; init; } = true;

    /// <summary>Whether information is logged too.</summary>
    public bool Verbose { get; init; }
}

/// <summary>A whole cell in this process: silo, gateway and, unless told otherwise, one agent on a SQLite file.</summary>
internal sealed class EmbeddedCell : IAsyncDisposable
{
    /// <summary>File in the state directory that a running cell holds.</summary>
    public const string LockFile = "lock";

    private readonly WebApplication _app;
    private readonly FileStream _lock;

    private EmbeddedCell(WebApplication app, FileStream taken, EmbeddedCellOptions options)
    {
        (_app, _lock) = (app, taken);
        Address = new($"http://127.0.0.1:{options.Port}");
    }

    /// <summary>Where the API and the pages are served.</summary>
    public Uri Address { get; }

    /// <summary>Starts a cell; what stands in its way is a problem that names the option to change.</summary>
    public static async Task<Answer<EmbeddedCell>> StartAsync(EmbeddedCellOptions options, CancellationToken cancellationToken)
    {
        var taken = TakeLock(options.StateDirectory);
        if (taken.Problem is { } problem) return problem;
        WebApplication? app = null;
        try
        {
            foreach (var port in (int[])[options.Port, options.Port + 1])
            {
                if (!Ports.IsFree(port)) return InUse(port);
            }

            var builder = RoleHost.CreateBuilder(file: null, options.Verbose, SettingsOf(options));
            KeepInSight(AppContext.BaseDirectory.TrimEnd('/'), builder.Configuration);
            builder.AddSilo();
            builder.AddGateway();
            if (options.RunsAgent) builder.AddAgent();
            builder.AddTelemetry("dev");
            app = builder.Build();
            app.MapGateway();
            app.MapPrometheusScrapingEndpoint();
            await app.StartAsync(cancellationToken);
            var cell = new EmbeddedCell(app, taken.Value!, options);
            (app, taken) = (null, new());
            return cell;
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return InUse(options.Port);
        }
        finally
        {
            if (app is not null) await app.DisposeAsync();
            if (taken.Value is { } held) await held.DisposeAsync();
        }
    }

    /// <summary>Completes when the process is asked to end or the cell ends by itself.</summary>
    public async Task WaitForEndAsync(CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _app.Lifetime.ApplicationStopping);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, end.Token);
        }
        catch (OperationCanceledException)
        {
            // Being asked to end is how this wait is meant to end.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _lock.DisposeAsync();
    }

    private static Problem InUse(int port) => Problem.Of(
        ProblemKind.Conflict, "port-in-use",
        $"Port {port} is taken: choose another with --port (the cell uses that port and the next one).");

    private static Answer<FileStream> TakeLock(string directory)
    {
        var path = Path.Combine(directory, LockFile);
        try
        {
            Directory.CreateDirectory(directory);
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return file;
        }
        catch (IOException) when (File.Exists(path))
        {
            return Problem.Of(
                ProblemKind.Conflict, "state-in-use",
                $"Another cell runs on {directory}: stop it, or choose another directory with --state.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problem.Of(ProblemKind.Malformed, "state-unusable", $"{directory} cannot be used: {e.Message}");
        }
    }

    /// <summary>
    /// Tasks have a /tmp of their own; the example jobs must find this program there all the same, besides what the user named.
    /// </summary>
    private static void KeepInSight(string program, ConfigurationManager configuration)
    {
        const string Setting = "Agent:Isolation:Writable";
        if (program.StartsWith("/tmp/", StringComparison.Ordinal))
            configuration[Setting] = configuration[Setting] is { Length: > 0 } others ? $"{others},{program}" : program;
    }

    private static Dictionary<string, string?> SettingsOf(EmbeddedCellOptions options)
    {
        var (silo, gateway) = (Ports.Free(), Ports.Free());
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Cell:Name"] = options.Name,
            ["Cell:StateDirectory"] = options.StateDirectory,
            ["Orleans:Endpoints:AdvertisedIPAddress"] = "127.0.0.1",
            ["Orleans:Endpoints:SiloPort"] = $"{silo}",
            ["Orleans:Endpoints:GatewayPort"] = $"{gateway}",
            ["Gateway:Url"] = $"http://127.0.0.1:{options.Port}",
            ["Gateway:AgentUrl"] = $"http://127.0.0.1:{options.Port + 1}",
            ["Agent:GatewayUrl"] = $"http://127.0.0.1:{options.Port + 1}",
            ["Agent:StateDirectory"] = Path.Combine(options.StateDirectory, "agent"),
            ["Agent:SelfCommand"] = SelfCommand.Value,
            ["Agent:KillTasksOnStop"] = options.StopsTasks ? "true" : "false",

            // Whoever starts a cell on his own machine runs his tasks there as himself, and as fast as the machine can.
            ["Agent:Isolation:User"] = "self",
            ["Agent:Isolation:CpuQuota"] = "false",

            // The gateway is in this process: there is no herd of agents to spread out.
            ["Agent:ReconnectDelay"] = "00:00:00.2",
        };
        if (options.TaskPorts is { } ports) settings["Agent:Ports"] = ports;
        return settings;
    }
}
