namespace OrleansScheduler.Chaos;

/// <summary>Faults of the network between processes.</summary>
internal sealed class LinkFaults(ClusterDriver cluster, CellNetwork network, ProcessFaults processes, Random random, bool isLong)
{
    private const string Store = "store";
    private static readonly TimeSpan Flap = TimeSpan.FromSeconds(1);

    private enum Manner
    {
        Silent,
        Refused,
        Flapping,
    }

    /// <summary>One maker for each class; partitions twice in a long run, where two in five of all faults should be one.</summary>
    public ImmutableArray<Func<Fault>> Makers => isLong ? [.. Partitions, .. Partitions, Loss] : [.. Partitions, Loss];

    private ImmutableArray<Func<Fault>> Partitions => [BetweenSilos, SiloAndStore, GatewayAndSilo, AgentAndGateway];

    private Fault BetweenSilos()
    {
        var (one, other) = Two(cluster.Silos);
        return Partition("F7-silo-silo", one.Name, other.Name, Nodes(cluster.Agents));
    }

    private Fault SiloAndStore() => Partition("F7-silo-store", Any(cluster.Silos).Name, Store, Nodes(cluster.Agents));

    private Fault GatewayAndSilo()
    {
        var gateway = Any(cluster.Gateways);
        return Partition("F7-gateway-silo", gateway.Name, Any(cluster.Silos).Name, Nodes(AgentsOf(gateway)));
    }

    private Fault AgentAndGateway()
    {
        var agent = Any(cluster.Agents);
        return Partition("F7-agent-gateway", agent.Name, cluster.GatewayOf(agent).Name, Nodes([agent]));
    }

    private Fault Loss()
    {
        var share = Math.Round(0.01 + (random.NextDouble() * 0.09), 3);
        var members = cluster.Processes.Select(process => process.Name).Append(Store).ToArray();
        var one = Any(members);
        (string From, string To)[] links = [.. members.Where(other => other != one).SelectMany(other => Both(one, other))];
        return new(
            "F8-loss", $"{share:P1} of all that {one} sends and gets", processes.Between(3, isLong ? 20 : 6), Nodes(cluster.Agents),
            async () =>
            {
                foreach (var (from, to) in links) await network.Lose(from, to, share);
            },
            () => Heal(links));
    }

    private Fault Partition(string class_, string one, string other, ImmutableArray<string> nodes)
    {
        var manner = (Manner)random.Next(3);
        var links = random.Next(3) switch
        {
            0 => [(one, other)],
            1 => [(other, one)],
            _ => Both(one, other),
        };
        var holds = processes.Between(2, isLong ? 20 : 8);
        var ways = links.Length == 2 ? "both ways" : "one way";
        var how = $"{ways}, {manner.ToString().ToLowerInvariant()}, for {holds.TotalSeconds:0.0} s";
        var end = new CancellationTokenSource();
        var flapping = Task.CompletedTask;
        return new(class_, $"{links[0].Item1} to {links[0].Item2}, {how}", holds, nodes, Inject, Mend);

        async Task Inject()
        {
            await Break();
            if (manner == Manner.Flapping) flapping = Flapping();
        }

        async Task Mend()
        {
            await end.CancelAsync();
            await flapping;
            end.Dispose();
            await Heal(links);
        }

        async Task Break()
        {
            foreach (var (from, to) in links) await (manner == Manner.Refused ? network.Reject(from, to) : network.Cut(from, to));
        }

        async Task Flapping()
        {
            for (var isBroken = true; !end.IsCancellationRequested; isBroken = !isBroken)
            {
                await Task.Delay(Flap, TimeProvider.System, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await (isBroken ? Heal(links) : Break());
            }
        }
    }

    private async Task Heal((string From, string To)[] links)
    {
        foreach (var (from, to) in links) await network.Heal(from, to);
    }

    private static (string From, string To)[] Both(string one, string other) => [(one, other), (other, one)];

    private static ImmutableArray<string> Nodes(IEnumerable<CellProcess> agents) => [.. agents.Select(ClusterDriver.NodeOf)];

    private IEnumerable<CellProcess> AgentsOf(CellProcess gateway) => cluster.Agents.Where(agent => cluster.GatewayOf(agent) == gateway);

    private (CellProcess One, CellProcess Other) Two(IReadOnlyList<CellProcess> all)
    {
        var one = random.Next(all.Count);
        return (all[one], all[(one + random.Next(1, all.Count)) % all.Count]);
    }

    private T Any<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];
}
