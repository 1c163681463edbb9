namespace OrleansScheduler.Chaos;

/// <summary>Faults of processes: killed, paused, or their store gone. They need no network of their own.</summary>
internal sealed class ProcessFaults(ClusterDriver cluster, Supervisor supervisor, Random random, bool isLong)
{
    private const int StoreStartTries = 50;
    private static readonly TimeSpan StoreStartPause = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<AttemptId> _killed = [];

    /// <summary>Attempts whose processes were killed here.</summary>
    public IReadOnlySet<AttemptId> Killed => _killed;

    /// <summary>One maker for each class.</summary>
    public ImmutableArray<Func<Fault>> Makers =>
        [KillSilos, PauseSilo, KillAgent, PauseAgent, KillTasks, LoseNode, PauseStore, KillStore, KillGateway];

    /// <summary>A time between two, in seconds.</summary>
    public TimeSpan Between(double least, double most) => TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));

    private Fault KillSilos()
    {
        var count = random.Next(10) switch { < 6 => 1, < 8 => 2, _ => cluster.Silos.Count };
        CellProcess[] victims = [.. cluster.Silos];
        random.Shuffle(victims);
        victims = victims[..count];
        var which = count == cluster.Silos.Count ? "all-silos" : count == 1 ? "silo" : "two-silos";
        return Kill($"F1-kill-{which}", victims, Between(0, 2), Nodes());
    }

    private Fault KillGateway()
    {
        var gateway = Any(cluster.Gateways);
        var nodes = cluster.Agents.Where(agent => cluster.GatewayOf(agent) == gateway).Select(NodeOf);
        return Kill("F1-kill-gateway", [gateway], Between(0, 2), [.. nodes]);
    }

    private Fault KillAgent()
    {
        var agent = Any(cluster.Agents);
        return Kill("F3-kill-agent", [agent], Between(0, 10), [NodeOf(agent)]);
    }

    private Fault PauseSilo()
    {
        var silo = Any(cluster.Silos);
        return Pause("F2-pause-silo", silo, Between(1, isLong ? 20 : 6), Nodes());
    }

    private Fault PauseAgent()
    {
        var agent = Any(cluster.Agents);
        return Pause("F4-pause-agent", agent, Between(9, isLong ? 20 : 11), [NodeOf(agent)]);
    }

    private Fault KillTasks()
    {
        var agent = Any(cluster.Agents);
        var how = random.Next(3);
        var class_ = "F5-kill-" + how switch { 0 => "task", 1 => "supervisor", _ => "task-and-supervisor" };
        var most = random.Next(1, 4);
        return new(class_, $"{class_[3..]} of up to {most} attempts on {NodeOf(agent)}", Between(0, 1), [], Inject, Fault.Nothing);

        Task Inject()
        {
            foreach (var (attempt, shim, main) in TaskProcesses.Running(cluster.StateOf(agent)).Take(most))
            {
                lock (_killed) _killed.Add(attempt);
                if (how != 0) OwnedProcess.Send(shim, Signal.Kill);
                if (how != 1) OwnedProcess.Send(main, Signal.Kill);
            }

            return Task.CompletedTask;
        }
    }

    /// <summary>All of a machine at once: its agent, tasks, their supervisors, and its network.</summary>
    private Fault LoseNode()
    {
        var agent = Any(cluster.Agents);
        var away = Between(7, isLong ? 20 : 10);
        return new("F6-lose-node", $"{NodeOf(agent)} with all that runs on it", away, [NodeOf(agent)], Inject, Heal);

        async Task Inject()
        {
            supervisor.Hold(agent);
            await Network(cut: true);
            await agent.Kill();
            var state = cluster.StateOf(agent);
            for (var found = TaskProcesses.Of(state); found.Length > 0; found = TaskProcesses.Of(state))
            {
                foreach (var (pid, attempt) in found)
                {
                    lock (_killed) _killed.Add(attempt);
                    OwnedProcess.Send(pid, Signal.Kill);
                }
            }
        }

        async Task Heal()
        {
            await Network(cut: false);
            supervisor.Release(agent);
        }

        async Task Network(bool cut)
        {
            if (cluster.Network is not { } network) return;
            foreach (var gateway in cluster.Gateways)
            {
                await (cut ? network.Cut(agent.Name, gateway.Name) : network.Heal(agent.Name, gateway.Name));
                await (cut ? network.Cut(gateway.Name, agent.Name) : network.Heal(gateway.Name, agent.Name));
            }
        }
    }

    private Fault PauseStore()
    {
        var holds = Between(1, isLong ? 60 : 8);
        var paused = new List<int>();
        return new("F15-pause-store", $"store for {holds.TotalSeconds:0.0} s", holds, Nodes(), Inject, Heal);

        Task Inject()
        {
            var server = cluster.Store.Process.Id;
            paused.Add(server);
            OwnedProcess.Send(server, Signal.Stop);
            paused.AddRange(TaskProcesses.ChildrenOf(server));
            foreach (var process in paused) OwnedProcess.Send(process, Signal.Stop);
            return Task.CompletedTask;
        }

        Task Heal()
        {
            foreach (var process in paused) OwnedProcess.Send(process, Signal.Continue);
            return Task.CompletedTask;
        }
    }

    private Fault KillStore()
    {
        var holds = Between(0, isLong ? 30 : 5);
        return new("F15-kill-store", $"store, away for {holds.TotalSeconds:0.0} s", holds, Nodes(), cluster.Store.Process.Kill, Heal);

        async Task Heal()
        {
            // What the server had started needs a moment to notice its end; until then it cannot be started.
            for (var tries = 1; ; tries++)
            {
                try
                {
                    await cluster.Store.Start();
                    return;
                }
                catch (InvalidOperationException) when (tries < StoreStartTries)
                {
                    await Task.Delay(StoreStartPause, TimeProvider.System);
                }
            }
        }
    }

    private Fault Kill(string class_, CellProcess[] victims, TimeSpan down, ImmutableArray<string> nodes)
    {
        var names = string.Join(", ", victims.Select(victim => victim.Name));
        return new(class_, $"{names}, down for {down.TotalSeconds:0.0} s", down, nodes, Inject, Heal);

        Task Inject()
        {
            foreach (var victim in victims) supervisor.Hold(victim);
            return Task.WhenAll(victims.Select(victim => victim.Kill()));
        }

        Task Heal()
        {
            foreach (var victim in victims) supervisor.Release(victim);
            return Task.CompletedTask;
        }
    }

    private static Fault Pause(string class_, CellProcess victim, TimeSpan holds, ImmutableArray<string> nodes) => new(
        class_, $"{victim.Name} for {holds.TotalSeconds:0.0} s", holds, nodes,
        () =>
        {
            victim.Pause();
            return Task.CompletedTask;
        },
        () =>
        {
            victim.Resume();
            return Task.CompletedTask;
        });

    private static string NodeOf(CellProcess agent) => ClusterDriver.NodeOf(agent);

    private ImmutableArray<string> Nodes() => [.. cluster.Agents.Select(NodeOf)];

    private T Any<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
