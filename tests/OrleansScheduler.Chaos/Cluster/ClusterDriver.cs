using System.Diagnostics;

namespace OrleansScheduler.Chaos;

/// <summary>
/// A cell of real processes on this machine: a store, silos, gateways and agents, each of which can be killed, paused, cut off and started
/// again alone. What they say is collected in one directory.
/// </summary>
internal sealed class ClusterDriver : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly ClusterPlan _plan;
    private readonly List<CellProcess> _silos = [];
    private readonly List<CellProcess> _gateways = [];
    private readonly List<CellProcess> _agents = [];
    private readonly List<string> _agentUrls = [];

    private ClusterDriver(ClusterPlan plan, CellNetwork? network, IStoreServer store)
    {
        (_plan, Network, Store) = (plan, network, store);
        Directory = plan.Directory ?? System.IO.Directory.CreateTempSubdirectory("osched-chaos-").FullName;
        System.IO.Directory.CreateDirectory(Directory);
    }

    /// <summary>The executable that was built with this program.</summary>
    public static string Osched { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "OrleansScheduler.Cli",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "osched"));

    /// <summary>Where logs and sandboxes are.</summary>
    public string Directory { get; }

    /// <summary>The network; null when all processes share this machine's loopback.</summary>
    public CellNetwork? Network { get; }

    /// <summary>What keeps the state.</summary>
    public IStoreServer Store { get; }

    /// <summary>The silos.</summary>
    public IReadOnlyList<CellProcess> Silos => _silos;

    /// <summary>The gateways.</summary>
    public IReadOnlyList<CellProcess> Gateways => _gateways;

    /// <summary>The agents.</summary>
    public IReadOnlyList<CellProcess> Agents => _agents;

    /// <summary>Where agents connect, in the order of the gateways.</summary>
    public IReadOnlyList<string> AgentUrls => _agentUrls;

    /// <summary>Everything but the store.</summary>
    public IEnumerable<CellProcess> Processes => [.. _silos, .. _gateways, .. _agents];

    /// <summary>Starts the store and all processes; answers when every silo is active and every node ready.</summary>
    public static async Task<ClusterDriver> Start(ClusterPlan plan)
    {
        var network = plan.Namespaces ? await CellNetwork.Create() : null;
        ClusterDriver? cluster = null;
        try
        {
            var (address, through) = network is null ? ("127.0.0.1", []) : await network.Add("store");
            IStoreServer store = plan.Store == StoreKind.Redis ? new RedisServer(address, through) : new PostgresServer(address, through);
            cluster = new ClusterDriver(plan, network, store);
            await store.Start();
            await cluster.AddProcesses();
            if (store.NeedsTables) await cluster.InitialiseStorage();
            foreach (var process in cluster.Processes) process.Start();
            await cluster.Settled(StartPatience);
            return cluster;
        }
        catch when (cluster is not null)
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of a gateway that asks once: whoever measures sees every failure.</summary>
    public SchedulerClient Client(int gateway = 0, TimeSpan? patience = null)
    {
        var options = new SchedulerClientOptions { Gateway = new Uri($"http://{_gateways[gateway].Address}"), Attempts = 1 };
        return new(patience is { } most ? options with { RequestTimeout = most } : options);
    }

    /// <summary>The node that an agent is.</summary>
    public static string NodeOf(CellProcess agent) => agent.Name.Replace("agent", "node", StringComparison.Ordinal);

    /// <summary>Where an agent keeps what it must not forget.</summary>
    public string StateOf(CellProcess agent) => Path.Combine(Directory, agent.Name);

    /// <summary>The gateway that an agent is connected to.</summary>
    public CellProcess GatewayOf(CellProcess agent) => _gateways[_agents.IndexOf(agent) % _gateways.Count];

    /// <summary>
    /// Waits until all silos are active and all nodes can take tasks, and starts again what has ended, as a supervisor does.
    /// </summary>
    /// <exception cref="TimeoutException">They are not; the message says what was seen last.</exception>
    public async Task Settled(TimeSpan within)
    {
        using var client = Client();
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (var process in Processes) process.Start();
            var answer = await client.DescribeCellAsync();
            if (answer.Value is { } cell && cell.Silos == _silos.Count && cell.Nodes.GetValueOrDefault("ready") == _agents.Count) return;
            if (Stopwatch.GetElapsedTime(started) > within)
            {
                var seen = answer.Value is { } c ? $"{c.Silos} silos, nodes {string.Join(", ", c.Nodes)}" : answer.Problem!.Message;
                throw new TimeoutException($"The cell has not settled within {within.TotalSeconds:0} s: {seen}. Logs: {Directory}");
            }

            await Task.Delay(LookAgain, TimeProvider.System);
        }
    }

    /// <summary>The silo that hosts the ledger, as the cell says; null when it does not say or is not one of these.</summary>
    public async Task<CellProcess?> LedgerSilo()
    {
        using var client = Client();
        var cell = await client.DescribeCellAsync();
        return cell.Value is { } view ? _silos.Find(silo => silo.Address == view.LedgerSilo) : null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes) await process.DisposeAsync();
        EndTasks();
        await Store.DisposeAsync();
        if (Network is not null) await Network.DisposeAsync();
        if (_plan.Directory is null) System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>
    /// Tasks and their supervisors outlive their agents on purpose. Those of this cell are known by its directory.
    /// </summary>
    private void EndTasks()
    {
        foreach (var agent in _agents)
        {
            foreach (var supervisor in TaskProcesses.SupervisorsOf(StateOf(agent))) OwnedProcess.Send(supervisor, Signal.Kill);
        }

        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                try
                {
                    var works = new FileInfo($"/proc/{process.Id}/cwd").LinkTarget;
                    if (works?.StartsWith(Directory + "/", StringComparison.Ordinal) == true) process.Kill();
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
                {
                    // It has ended by itself.
                }
            }
        }
    }

    private async Task InitialiseStorage()
    {
        var log = Path.Combine(Directory, "init-storage.log");
        await using var process = OwnedProcess.Start(log, [_plan.Executable, "silo", "--init-storage"], Store.Profile);
        if (!await process.Ended(StartPatience) || process.ExitCode != 0)
            throw new InvalidOperationException($"The tables could not be made: {await File.ReadAllTextAsync(log)}");
    }

    private async Task AddProcesses()
    {
        string[] verbose = _plan.Verbose ? ["--verbose"] : [];
        for (var number = 1; number <= _plan.Silos; number++)
        {
            var place = await Place($"silo-{number}");
            var (silo, gateway, health) = (LoopbackPort.Free(), LoopbackPort.Free(), $"http://{place.Address}:{LoopbackPort.Free()}");
            _silos.Add(Make($"silo-{number}", place, ["silo", "--metrics", health, .. verbose], [
                ("Orleans__Endpoints__AdvertisedIPAddress", place.Address),
                ("Orleans__Endpoints__SiloPort", $"{silo}"),
                ("Orleans__Endpoints__GatewayPort", $"{gateway}"),
            ], $"{place.Address}:{silo}", new Uri(health)));
        }

        for (var number = 1; number <= _plan.Gateways; number++)
        {
            var place = await Place($"gateway-{number}");
            var url = $"{place.Address}:{LoopbackPort.Free()}";
            _agentUrls.Add($"http://{place.Address}:{LoopbackPort.Free()}");
            _gateways.Add(Make($"gateway-{number}", place, ["gateway", .. verbose], [
                ("Gateway__Url", $"http://{url}"),
                ("Gateway__AgentUrl", _agentUrls[^1]),
            ], url, new Uri($"http://{url}")));
        }

        for (var number = 1; number <= _plan.Agents; number++)
        {
            var name = $"agent-{number}";
            _agents.Add(Make(name, await Place(name), ["agent", "--metrics", "off", "--state", Path.Combine(Directory, name), .. verbose], [
                ("Agent__NodeId", $"node-{number}"),
                ("Agent__GatewayUrl", AgentGateways(number)),
                ("Agent__Capacity__Cpu", $"{_plan.CoresPerAgent}"),
                ($"Agent__Attributes__{WorkloadJob.HalfAttribute}", WorkloadJob.HalfOf(number)),
                ($"Agent__Custom__{WorkloadJob.Seat}", "1"),
                ("Agent__ReconnectDelay", "00:00:00.2"),

                // Witnesses lie outside of sandboxes, and what is counted here are processes as this machine sees them.
                ("Agent__Isolation__Level", "none"),
            ]));
        }
    }

    /// <summary>One gateway each, or all of them for agents that go on to the next.</summary>
    private string AgentGateways(int number) =>
        _plan.AgentsKnowAllGateways ? string.Join(',', _agentUrls) : _agentUrls[(number - 1) % _agentUrls.Count];

    private async Task<(string Address, ImmutableArray<string> Through)> Place(string name) =>
        Network is null ? ("127.0.0.1", []) : await Network.Add(name);

    private CellProcess Make(
        string name, (string Address, ImmutableArray<string> Through) place, string[] arguments, (string Name, string Value)[] own,
        string address = "", Uri? health = null)
    {
        var environment = Store.Profile.SetItem("OSCHED_HOME", Path.Combine(Directory, name)).SetItems(_plan.Settings)
            .SetItems(own.Select(setting => KeyValuePair.Create(setting.Name, setting.Value)));
        return new(name, Path.Combine(Directory, $"{name}.log"), place.Through, _plan.Executable, [.. arguments], environment)
        {
            Address = address,
            Health = health,
        };
    }
}
