using static OrleansScheduler.Core.Tests.LedgerFixture;

namespace OrleansScheduler.Core.Tests;

/// <summary>What a random world may have.</summary>
[Flags]
internal enum Features
{
    None = 0,
    Constraints = 1,
    Gpus = 2,
    Custom = 4,
    Revocable = 8,
    Pools = 16,
    Quotas = 32,
    Gangs = 64,
    Tiers = 128,
    NodeNews = 256,
    All = 511,
}

/// <summary>A ledger and its plain reference, told the same facts; everything follows from one seed.</summary>
internal sealed class LedgerWorld
{
    private static readonly string[] JobRoles = ["a", "a.x", "a.y", "b"];
    private static readonly string[] RolePaths = ["a", "a/x", "a/y", "b"];
    private readonly Features _features;
    private int _attempts;
    private int _jobs;
    private long _session = 1;

    public LedgerWorld(int seed, Features features, LedgerOptions? options = null)
    {
        (Random, _features) = (new Random(seed), features);
        Options = options ?? new LedgerOptions { PreemptAfter = TimeSpan.MaxValue, HoldAfter = TimeSpan.MaxValue };
        Ledger = new Ledger(Options);
    }

    public Random Random { get; }

    public LedgerOptions Options { get; }

    public Ledger Ledger { get; }

    public NaiveCell Cell { get; } = new();

    public DateTimeOffset Now { get; set; } = Start;

    /// <summary>Everything that was told, for telling it to another ledger.</summary>
    public List<LedgerEvent> Told { get; } = [];

    public bool Chance(int percent) => Random.Next(100) < percent;

    public void Tell(LedgerEvent e)
    {
        Told.Add(e);
        Ledger.Apply(e);
    }

    public void AddNodes(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var description = NewNode($"n{i}");
            Cell.Nodes.Add(new NaiveNode(description));
            Tell(new LedgerEvent.NodeChanged(description, 1, true, MaintenanceMode.None));
        }
    }

    /// <summary>A node goes, comes back, has a full disk, or other attributes.</summary>
    public void ChangeNode()
    {
        var node = Cell.Nodes[Random.Next(Cell.Nodes.Count)];
        if (Chance(50)) node.Reachable = !node.Reachable;
        else if (Chance(50)) node.Mode = node.Mode == MaintenanceMode.None ? MaintenanceMode.Draining : MaintenanceMode.None;
        else if (Chance(50)) node.Description = node.Description with { DiskPressure = !node.Description.DiskPressure };
        else node.Description = node.Description with { Attributes = NewAttributes() };
        // A session that was lost does not come back: the node's next word is of another one.
        Tell(new LedgerEvent.NodeChanged(node.Description, ++_session, node.Reachable, node.Mode));
    }

    public void ChangeRole()
    {
        var path = RolePaths[Random.Next(RolePaths.Length)];
        var role = Cell.Role(path);
        if (Has(Features.Quotas) && Chance(60))
        {
            var guarantee = Chance(50) ? new Resources(500 * Random.Next(1, 12), 512 * Random.Next(6), 0, 0) : Resources.None;
            role.Quota = new Quota
            {
                Guarantee = guarantee,
                Limit = !Chance(60)
                    ? ResourceLimit.None
                    : new ResourceLimit
                    {
                        CpuMillis = guarantee.CpuMillis + (500 * Random.Next(1, 16)),
                        MemoryMiB = Chance(50) ? guarantee.MemoryMiB + (512 * Random.Next(8)) : null,
                    },
            };
        }
        else
        {
            role.Quota = null;
        }

        role.Weight = Random.Next(1, 4);
        Tell(new LedgerEvent.RoleChanged(path, role.Quota, role.Weight));
    }

    /// <summary>A job wants something; what it wanted before is forgotten.</summary>
    public void Want(int most, long largestCpu = 3000)
    {
        var known = Chance(30) ? Cell.Tasks.Where(t => !t.IsPromise).Select(t => t.Job).FirstOrDefault() : default;
        var job = known != default ? known : Job($"j{_jobs++}", JobRoles[Random.Next(JobRoles.Length)]);
        var demands = ImmutableArray.CreateBuilder<Demand>();
        var versions = Chance(15) ? 2 : 1;
        for (var version = 1; version <= versions; version++) demands.Add(NewDemand(job, version, Random.Next(1, most + 1), largestCpu));
        Say(job, demands.ToImmutable());
    }

    public void Say(JobKey job, ImmutableArray<Demand> demands)
    {
        Cell.Groups.RemoveAll(g => g.Job == job);
        Cell.Groups.AddRange(demands.Select(d => new NaiveGroup(job, d)));
        var wanted = demands.SelectMany(d => d.Attempts).ToHashSet();
        foreach (var promise in Cell.Tasks.Where(t => t.Job == job && t.IsPromise && !wanted.Contains(t.Attempt)).ToList())
            Cell.Remove(promise);
        Tell(new LedgerEvent.Demanded(job, demands));
    }

    /// <summary>Tells this ledger what another one was told.</summary>
    public void Catch(LedgerWorld other)
    {
        for (var i = Told.Count; i < other.Told.Count; i++) Tell(other.Told[i]);
    }

    /// <summary>Some task of the ledger ends; for worlds that are not compared with the reference.</summary>
    public void EndSomething()
    {
        var held = Ledger.Jobs.Order().SelectMany(j => Ledger.HeldBy(j).Select(a => (Job: j, Attempt: a))).ToList();
        if (held.Count == 0) return;
        var (job, attempt) = held[Random.Next(held.Count)];
        Tell(new LedgerEvent.Released(job, [attempt]));
    }

    public void EndOne()
    {
        var tasks = Cell.Tasks.Where(t => !t.IsPromise).ToList();
        if (tasks.Count > 0) End(tasks[Random.Next(tasks.Count)]);
    }

    public void End(NaiveTask task)
    {
        Cell.Remove(task);
        Tell(new LedgerEvent.Released(task.Job, [task.Attempt]));
    }

    /// <summary>Plans until nothing more follows; every step is checked.</summary>
    public List<LedgerPlan> Plan(bool verify = true)
    {
        var plans = new List<LedgerPlan>();
        for (var i = 0; i < 20; i++)
        {
            var plan = Ledger.Plan(Now);
            plans.Add(plan);
            if (verify) Cell.Follow(plan, Now, Options);
            if (plan.Reservations.IsEmpty && plan.Preemptions.IsEmpty && plan.Broken.IsEmpty) return plans;
        }

        throw new InvalidOperationException("the ledger finds something to do again and again");
    }

    /// <summary>Compares the sums of the ledger with those of the reference.</summary>
    public void Compare()
    {
        foreach (var view in Ledger.DescribeNodes())
        {
            var node = Cell.Node(view.Description.Id);
            var tasks = node.Tasks.Where(t => !t.IsPromise).ToList();
            Assert.Equal((tasks.Count, tasks.Aggregate(Resources.None, (sum, t) => sum + t.Demand.Request)), (view.Tasks, view.Used));
        }

        Assert.Equal(Cell.Groups.Sum(g => g.Waiting.Count), Ledger.Pending);
        Assert.Equal(Cell.Tasks.Count(t => t.IsPromise), Ledger.Promised);
        foreach (var path in RolePaths)
        {
            if (Ledger.Roles.Find(path) is >= 0 and var role) Assert.Equal(Cell.ShareOf(path), Ledger.Roles.ShareOf(role));
        }
    }

    public Demand NewDemand(JobKey job, int version, int count, long largestCpu)
    {
        var tier = Has(Features.Tiers) ? (Tier)Random.Next(Has(Features.Revocable) ? 3 : 2)
            : Has(Features.Revocable) && Chance(25) ? Tier.Revocable
            : default;
        if (Cell.Groups.Count > 0 && Chance(25))
        {
            // One that is alike but for who and how urgent.
            var alike = Cell.Groups[Random.Next(Cell.Groups.Count)].Demand;
            if (tier != Tier.Revocable && alike.Tier != Tier.Revocable) alike = alike with { Tier = tier };
            return alike with { Version = version, Priority = Random.Next(3), Since = Now, Attempts = NewAttempts(count) };
        }

        return new Demand
        {
            Version = version,
            Request = new Resources(
                250 * Random.Next(1, (int)(largestCpu / 250) + 1), 256 * Random.Next(0, 9), Chance(30) ? 256 * Random.Next(1, 9) : 0,
                Has(Features.Gpus) && Chance(35) ? Pick(250L, 500, 500, 1000, 2000) : 0),
            Ports = Chance(30) ? Random.Next(1, 4) : 0,
            Constraints = Has(Features.Constraints) ? NewConstraints(job) : [],
            Custom = Has(Features.Custom) && Chance(35) ? NewCustom() : CustomRequest.None,
            Gang = Has(Features.Gangs) && Chance(30),
            Tier = tier,
            Priority = Random.Next(3),
            Since = Now.AddSeconds(-Random.Next(3)),
            Attempts = NewAttempts(count),
        };
    }

    private ImmutableArray<AttemptRef> NewAttempts(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new AttemptRef(i, ++_attempts))];

    private NodeDescription NewNode(string id)
    {
        var capacity = new Resources(
            1000 * Random.Next(1, 9), 1024 * Random.Next(1, 9), 1024 * Random.Next(5),
            Has(Features.Gpus) && Chance(60) ? Pick(1000L, 2000, 2500, 4000) : 0);
        var description = Describe(id, capacity.CpuMillis, capacity.MemoryMiB, capacity.DiskMiB, capacity.GpuMillis, Random.Next(8)) with
        {
            Attributes = NewAttributes(),
            Overcommit = Has(Features.Revocable) ? Pick(1, 1.25, 1.5, 2) : 1,
        };
        if (Has(Features.Custom))
        {
            description = description with
            {
                Custom = new CustomCapacity
                {
                    Scalars = Chance(60) ? Map(("licence", 1000L * Random.Next(1, 5))) : Map<long>(),
                    Sets = Chance(60) ? Map(("card", ImmutableArray.Create(["c0", "c1", "c2"]))) : Map<ImmutableArray<string>>(),
                },
            };
        }

        if (!Has(Features.Pools) || Chance(40)) return description;
        var half = new Resources(capacity.CpuMillis / 2, capacity.MemoryMiB / 2, capacity.DiskMiB / 2, capacity.GpuMillis / 2000 * 1000);
        var quarter = new Resources(capacity.CpuMillis / 4, capacity.MemoryMiB / 4, 0, 0);
        var pools = Chance(50) ? Map((Pick("a", "b"), half)) : Map((Pick("a/x", "a/y"), quarter), ("a", quarter));
        return description with { Reserved = pools };
    }

    private ImmutableSortedDictionary<string, ImmutableArray<string>> NewAttributes()
    {
        if (!Has(Features.Constraints)) return Attributes();
        List<(string, string)> attributes = [];
        if (Chance(85)) attributes.Add(("zone", Pick("z0", "z1", "z2")));
        if (Chance(15)) attributes.Add(("zone", "z3"));
        if (Chance(60)) attributes.Add(("rack", Pick("r0", "r1")));
        if (Chance(12)) attributes.Add(("dedicated", "a/only"));
        return Attributes([.. attributes]);
    }

    private ImmutableArray<Constraint> NewConstraints(JobKey job)
    {
        var constraints = ImmutableArray.CreateBuilder<Constraint>();
        if (Chance(25)) constraints.Add(new Constraint.Value("zone", [Pick("z0", "z1"), "z3"], Chance(40)));
        if (Chance(8)) constraints.Add(new Constraint.Value("node", ["n0", "n1", "n3"], Chance(30)));
        if (Chance(10)) constraints.Add(new Constraint.Value("dedicated", ["a/only"], Chance(20)));
        if (Chance(25)) constraints.Add(new Constraint.Limit(Pick("zone", "node", "rack"), Random.Next(1, 3)));
        if (Chance(20)) constraints.Add(new Constraint.Spread(Pick("zone", "node", "rack"), Random.Next(1, 3)));
        var others = Cell.Groups.Select(g => g.Job).Concat(Cell.Tasks.Select(t => t.Job)).Where(j => j != job);
        if (Chance(20) && others.FirstOrDefault() is { Name: not null } other)
            constraints.Add(new Constraint.Affinity(Pick("zone", "node", "rack"), other, Chance(50)));
        return constraints.ToImmutable();
    }

    private CustomRequest NewCustom() => new()
    {
        Scalars = Chance(60) ? Map(("licence", 500L * Random.Next(1, 4))) : Map<long>(),
        Sets = Chance(60) ? Map(("card", Random.Next(1, 3))) : Map<int>(),
    };

    private bool Has(Features feature) => _features.HasFlag(feature);

    private T Pick<T>(params ReadOnlySpan<T> of) => of[Random.Next(of.Length)];
}
