namespace OrleansScheduler.Chaos;

/// <summary>Silos and gateways without agents of their own: nodes come from this program.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly ClusterDriver? _cluster;
    private readonly string? _directory;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };

    private ControlPlane(ClusterDriver cluster)
    {
        _cluster = cluster;
        (Silos, Gateways) = ([.. cluster.Silos], [.. cluster.Gateways]);
        (Gateway, Agents) = (new($"http://{cluster.Gateways[0].Address}"), new(cluster.AgentUrls[0]));
    }

    private ControlPlane(CellProcess dev, int port, string directory)
    {
        _directory = directory;
        Silos = [dev];
        (Gateway, Agents) = (new($"http://127.0.0.1:{port}"), new($"http://127.0.0.1:{port + 1}"));
    }

    /// <summary>Processes that hold the state; of an embedded cell the only one.</summary>
    public ImmutableArray<CellProcess> Silos { get; }

    /// <summary>Gateways that are processes of their own.</summary>
    public ImmutableArray<CellProcess> Gateways { get; } = [];

    /// <summary>Where the API is.</summary>
    public Uri Gateway { get; }

    /// <summary>Where agents connect.</summary>
    public Uri Agents { get; }

    /// <summary>All of it.</summary>
    public IEnumerable<CellProcess> Processes => [.. Silos, .. Gateways];

    /// <summary>Silos and gateways as the plan says.</summary>
    public static async Task<ControlPlane> Start(ClusterPlan plan) => new(await ClusterDriver.Start(plan with { Agents = 0 }));

    /// <summary>One process on SQLite, as <c>osched dev</c> is.</summary>
    public static async Task<ControlPlane> StartEmbedded(ClusterPlan plan)
    {
        var directory = plan.Directory ?? Directory.CreateTempSubdirectory("osched-chaos-").FullName;
        Directory.CreateDirectory(directory);
        var port = LoopbackPort.Free();
        var dev = new CellProcess(
            "dev", Path.Combine(directory, "dev.log"), [], plan.Executable,
            ["dev", "--no-agent", "--port", $"{port}", "--state", Path.Combine(directory, "state")], plan.Settings)
        {
            Health = new($"http://127.0.0.1:{port}"),
        };
        var plane = new ControlPlane(dev, port, plan.Directory is null ? directory : "");
        dev.Start();
        await plane.Up();
        await plane.Until(async client => (await client.DescribeCellAsync()).Value is not null, "the cell does not answer");
        return plane;
    }

    /// <summary>A client that asks once.</summary>
    public SchedulerClient Client() => new(new SchedulerClientOptions { Gateway = Gateway, Attempts = 1 });

    /// <summary>Waits until the first silo says that it has started.</summary>
    public Task Up() => Until(
        async _ =>
        {
            foreach (var silo in Silos)
            {
                try
                {
                    using var answer = await _http.GetAsync(new Uri(silo.Health!, "/healthz/startup"));
                    if (answer.IsSuccessStatusCode) return true;
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    // It is not there yet.
                }
            }

            return false;
        },
        "no silo has started");

    /// <summary>Looks often until something is so. Answers how long that took.</summary>
    /// <exception cref="TimeoutException">It is not, for a long time.</exception>
    public async Task<TimeSpan> Until(Func<SchedulerClient, Task<bool>> isSo, string otherwise)
    {
        using var client = Client();
        return await Condition.Holds(() => isSo(client), () => otherwise, Patience, CancellationToken.None);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_cluster is not null) await _cluster.DisposeAsync();
        else await Silos[0].DisposeAsync();
        if (!string.IsNullOrEmpty(_directory)) Directory.Delete(_directory, recursive: true);
    }
}
