namespace OrleansScheduler.Core;

/// <summary>Cells of a given size to measure rounds in: those of Mesos' allocator benchmarks (mesos.md 3.2).</summary>
public sealed class OfferScenario
{
    private readonly List<NodeAmounts> _nodes = [];

    private OfferScenario(int seed) => Book = new OfferBook(Roles, new OfferOptions(), new Random(seed));

    /// <summary>The roles.</summary>
    public RoleTree Roles { get; } = new();

    /// <summary>The book.</summary>
    public OfferBook Book { get; }

    /// <summary>The nodes' amounts, in order.</summary>
    public IReadOnlyList<NodeAmounts> Nodes => _nodes;

    /// <summary>The time, which stands until somebody moves it.</summary>
    public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>
    /// Nodes of cpus 24, memory 4096, disk 4096, of which tasks hold cpus 16, memory 2014, disk 1024; frameworks in one role.
    /// </summary>
    public static OfferScenario PartlyUsed(int nodes, int frameworks, int seed = 1)
    {
        var scenario = new OfferScenario(seed);
        for (var i = 0; i < nodes; i++)
        {
            scenario.AddNode(new(24_000, 4096, 4096, 0));
            var (role, used) = (scenario.Roles.GetOrAdd(RolePath.Default), new Resources(16_000, 2014, 1024, 0));
            scenario._nodes[i].TryTake(scenario.Roles, role, used, revocable: false, out _);
            scenario.Roles.Charge(role, used, used, 1);
        }

        for (var i = 0; i < frameworks; i++) scenario.AddFramework($"framework-{i:d5}", RolePath.Default);
        return scenario.Sum();
    }

    /// <summary>
    /// Roles that are guaranteed a tenth of a node (small) or a whole one (large), as many nodes as roles, and a framework in each role.
    /// </summary>
    public static OfferScenario LargeAndSmallQuota(int small, int large, int seed = 1)
    {
        var scenario = new OfferScenario(seed);
        var nodes = small + large;
        for (var i = 0; i < nodes; i++) scenario.AddNode(new(10_000, 100, 1000, 0));
        scenario.Sum();
        for (var i = 0; i < small + large; i++)
        {
            var path = i < small ? $"small-{i:d5}" : $"large-{i:d5}";
            var amount = i < small ? new Resources(1000, 10, 0, 0) : new Resources(10_000, 100, 0, 0);
            scenario.Roles.SetQuota(
                scenario.Roles.GetOrAdd(path), new() { Guarantee = amount, Limit = new(amount.CpuMillis, amount.MemoryMiB, null, null) });
            scenario.AddFramework("framework-" + path, path);
        }

        return scenario;
    }

    /// <summary>Roles with two nodes and two frameworks each; with quota, each is guaranteed two nodes.</summary>
    public static OfferScenario PlainOrQuota(int roles, bool quota, int seed = 1)
    {
        var scenario = new OfferScenario(seed);
        for (var i = 0; i < roles * 2; i++) scenario.AddNode(new(2000, 1024, 0, 0));
        scenario.Sum();
        for (var i = 0; i < roles; i++)
        {
            var path = $"role-{i:d5}";
            if (quota)
            {
                var two = new Resources(4000, 2048, 0, 0);
                scenario.Roles.SetQuota(scenario.Roles.GetOrAdd(path), new() { Guarantee = two, Limit = new(4000, 2048, null, null) });
            }

            for (var j = 0; j < 2; j++) scenario.AddFramework($"framework-{i:d5}-{j}", path);
        }

        return scenario;
    }

    /// <summary>One round a second later.</summary>
    public ImmutableArray<Offer> Round()
    {
        Now += TimeSpan.FromSeconds(1);
        return Book.Allocate(Now);
    }

    /// <summary>Declines offers for so long.</summary>
    public void Decline(ImmutableArray<Offer> offers, TimeSpan refusal)
    {
        foreach (var offer in offers) Book.Decline(offer.Framework, [offer.Id], refusal, Now);
    }

    private void AddNode(in Resources capacity)
    {
        var amounts = new NodeAmounts();
        amounts.SetCapacity(capacity);
        Book.PutNode($"node-{_nodes.Count:d6}", amounts, new());
        _nodes.Add(amounts);
    }

    private void AddFramework(string id, string role)
    {
        if (Book.Subscribe(new FrameworkDescription { Id = id, Roles = [role] }).Problem is { } problem)
            throw new InvariantException(problem.Message);
    }

    private OfferScenario Sum()
    {
        var sum = Resources.None;
        foreach (var node in _nodes) sum += node.Capacity;
        Roles.Total = sum;
        return this;
    }
}
