namespace OrleansScheduler.Core.Tests;

/// <summary>
/// What a cell may do, said as plainly as possible: every answer is counted anew from the list of tasks. The reference for the ledger.
/// </summary>
internal sealed partial class NaiveCell
{
    public List<NaiveNode> Nodes { get; } = [];

    public List<NaiveGroup> Groups { get; } = [];

    public IEnumerable<NaiveTask> Tasks => Nodes.SelectMany(n => n.Tasks);

    public static string PathOf(JobKey job) => job.Role.Replace('.', '/');

    public static bool IsWithin(string path, string ancestor) =>
        path == ancestor || (path.StartsWith(ancestor, StringComparison.Ordinal) && path[ancestor.Length] == '/');

    public NaiveNode Node(string id) => Nodes.Find(n => n.Id == id)!;

    public NaiveTask? Find(JobKey job, AttemptRef attempt)
    {
        foreach (var node in Nodes)
        {
            foreach (var task in node.Tasks)
            {
                if (task.Attempt == attempt && task.Job == job) return task;
            }
        }

        return null;
    }

    public void Remove(NaiveTask task)
    {
        task.Node.Tasks.Remove(task);
        foreach (var promise in task.Node.Tasks) promise.WaitsFor?.Remove(task.Id);
    }

    /// <summary>Why a node cannot take one more of a group; null when it can, with what it would take from where.</summary>
    public string? Why(NaiveGroup group, NaiveNode node, out NaiveSplit split)
    {
        split = NaiveSplit.Nothing;
        var demand = group.Demand;
        if (!node.IsOpen) return "closed";
        if (node.IsOvercommitted) return "over-committed";
        if (Facts(group, node) is { } facts) return facts;
        if (Moving(group, node) is { } moving) return moving;
        if (!TrySplit(node, group.Path, demand, out split)) return "amounts";
        if (demand.Request.GpuMillis > 0 && !HasDevices(node, demand.Request.GpuMillis)) return "gpus";
        if (demand.Ports > 0 && node.FreePorts() < demand.Ports) return "ports";
        foreach (var (name, amount) in demand.Custom.Scalars)
        {
            if (node.FreeScalar(name) < amount) return name;
        }

        foreach (var (name, count) in demand.Custom.Sets)
        {
            if (node.FreeItems(name) < count) return name;
        }

        return null;
    }

    /// <summary>Value constraints, dedicated nodes, and that the attributes of the others are there.</summary>
    public static string? Facts(NaiveGroup group, NaiveNode node)
    {
        var asksForDedicated = false;
        foreach (var constraint in group.Demand.Constraints)
        {
            var values = node.ValuesOf(constraint.Attribute);
            switch (constraint)
            {
                case Constraint.Value value:
                    if (value.Attribute == "dedicated" && !value.Negated) asksForDedicated = true;
                    if (values.Any(v => value.Values.Contains(v)) == value.Negated) return value.Attribute;
                    break;
                case Constraint.Affinity { Apart: true }:
                    break;
                default:
                    if (values.IsEmpty) return constraint.Attribute;
                    break;
            }
        }

        return !asksForDedicated && node.Description.Attributes.ContainsKey("dedicated") ? "dedicated" : null;
    }

    /// <summary>Limit, spread and affinity.</summary>
    public string? Moving(NaiveGroup group, NaiveNode node)
    {
        foreach (var constraint in group.Demand.Constraints)
        {
            foreach (var value in node.ValuesOf(constraint.Attribute))
            {
                switch (constraint)
                {
                    case Constraint.Limit limit when Count(group.Job, limit.Attribute, value) >= limit.Count:
                        return "limit";
                    case Constraint.Spread spread
                        when Count(group.Job, spread.Attribute, value) >= Emptiest(group, spread.Attribute) + spread.MaxSkew:
                        return "spread";
                    case Constraint.Affinity { Apart: true } apart when Count(apart.Job, apart.Attribute, value) > 0:
                        return "apart";
                }
            }

            if (constraint is Constraint.Affinity { Apart: false } near
                && !node.ValuesOf(near.Attribute).Any(v => Count(near.Job, near.Attribute, v) > 0)) return "affinity";
        }

        return null;
    }

    /// <summary>From where an attempt takes its amounts: pools of its role and above, deepest first, then what is free for all.</summary>
    public static bool TrySplit(NaiveNode node, string path, Demand demand, out NaiveSplit split)
    {
        split = NaiveSplit.Of(node, path, demand);
        if (demand.Tier == Tier.Revocable)
        {
            return HasAsked(split.Free, node.Free()) && HasAsked(split.Lent, node.FreeLent());
        }

        return node.Free().IsNonNegative && split.Free.FitsInto(node.Free());
    }

    /// <summary>Counts a task as running on a node, whatever is free there.</summary>
    public NaiveTask Put(NaiveGroup group, Placement placement, DateTimeOffset now)
    {
        var node = Node(placement.Node);
        var task = new NaiveTask(group.Job, placement.Attempt, group.Demand, node, NaiveSplit.Of(node, group.Path, group.Demand), now)
        {
            Ports = placement.Ports,
            Devices = placement.Devices,
            Items = placement.Items,
        };
        node.Tasks.Add(task);
        return task;
    }

    private static bool HasDevices(NaiveNode node, long millis)
    {
        if (millis < 1000) return Enumerable.Range(0, node.Devices).Any(d => node.FreeOfDevice(d) >= millis);
        return Enumerable.Range(0, node.Devices).Count(d => node.FreeOfDevice(d) == 1000) * 1000L >= millis;
    }

    private static bool HasAsked(Resources asked, Resources free) =>
        (asked.CpuMillis == 0 || asked.CpuMillis <= free.CpuMillis) && (asked.MemoryMiB == 0 || asked.MemoryMiB <= free.MemoryMiB)
        && (asked.DiskMiB == 0 || asked.DiskMiB <= free.DiskMiB) && (asked.GpuMillis == 0 || asked.GpuMillis <= free.GpuMillis);

    private int Count(JobKey job, string attribute, string value)
    {
        var count = 0;
        foreach (var node in Nodes)
        {
            if (node.Tasks.Count == 0 || !node.ValuesOf(attribute).Contains(value)) continue;
            foreach (var task in node.Tasks)
            {
                if (task.Job == job) count++;
            }
        }

        return count;
    }

    private int Emptiest(NaiveGroup group, string attribute)
    {
        var fewest = int.MaxValue;
        foreach (var node in Nodes)
        {
            if (!node.IsOpen || node.IsOvercommitted || Facts(group, node) is not null) continue;
            foreach (var value in node.ValuesOf(attribute)) fewest = Math.Min(fewest, Count(group.Job, attribute, value));
        }

        return fewest;
    }
}

/// <summary>Attempts that wait.</summary>
internal sealed class NaiveGroup(JobKey job, Demand demand)
{
    public JobKey Job { get; } = job;

    public Demand Demand { get; } = demand;

    public string Path { get; } = NaiveCell.PathOf(job);

    public List<AttemptRef> Waiting { get; } = [.. demand.Attempts];

    /// <summary>Priority, age, name, version.</summary>
    public static int Compare(NaiveGroup a, NaiveGroup b)
    {
        var order = b.Demand.Priority.CompareTo(a.Demand.Priority);
        if (order == 0) order = a.Demand.Since.CompareTo(b.Demand.Since);
        if (order == 0) order = a.Job.CompareTo(b.Job);
        return order != 0 ? order : a.Demand.Version.CompareTo(b.Demand.Version);
    }

    public override string ToString() => $"{Job} v{Demand.Version} ({Waiting.Count} x {Demand.Request})";
}

/// <summary>One attempt with its node, or (<see cref="WaitsFor"/>) with the promise of it.</summary>
internal sealed record NaiveTask(JobKey Job, AttemptRef Attempt, Demand Demand, NaiveNode Node, NaiveSplit Split, DateTimeOffset Since)
{
    public AttemptId Id => Attempt.Of(Job);

    public ImmutableArray<int> Ports { get; set; } = [];

    public ImmutableArray<int> Devices { get; set; } = [];

    public ImmutableArray<string> Items { get; set; } = [];

    public DateTimeOffset Placed { get; set; } = Since;

    /// <summary>Victims that have not gone; null when it has its node.</summary>
    public HashSet<AttemptId>? WaitsFor { get; set; }

    public bool IsPromise => WaitsFor is not null;

    public bool IsRevocable => Demand.Tier == Tier.Revocable;

    public bool Equals(NaiveTask? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Id.GetHashCode();
}

/// <summary>From where amounts are taken: what is free for all, what may be taken away, pools by role.</summary>
internal sealed record NaiveSplit(Resources Free, Resources Lent, ImmutableArray<(string Role, Resources Amount)> Pools)
{
    public static NaiveSplit Nothing { get; } = new(Resources.None, Resources.None, []);

    public static NaiveSplit Of(NaiveNode node, string path, Demand demand)
    {
        var request = demand.Request;
        if (demand.Tier == Tier.Revocable)
        {
            var lent = new Resources(request.CpuMillis, node.Lent.MemoryMiB > 0 ? request.MemoryMiB : 0, 0, 0);
            return new(request - lent, lent, []);
        }

        if (node.Pools.Count == 0) return new(request, Resources.None, []);
        var (rest, parts) = (request, new List<(string, Resources)>());
        foreach (var role in node.Pools.Keys.Where(r => NaiveCell.IsWithin(path, r)).OrderByDescending(r => r.Length))
        {
            var free = node.FreeOfPool(role);
            var part = new Resources(
                Math.Min(rest.CpuMillis, free.CpuMillis), Math.Min(rest.MemoryMiB, free.MemoryMiB),
                Math.Min(rest.DiskMiB, free.DiskMiB), Math.Min(rest.GpuMillis, free.GpuMillis));
            if (part != Resources.None) parts.Add((role, part));
            rest -= part;
        }

        return new(rest, Resources.None, [.. parts]);
    }
}

/// <summary>One node with the tasks on it.</summary>
internal sealed class NaiveNode(NodeDescription description)
{
    public NodeDescription Description { get; set; } = description;

    public string Id => Description.Id;

    public bool Reachable { get; set; } = true;

    public MaintenanceMode Mode { get; set; }

    public List<NaiveTask> Tasks { get; } = [];

    public ImmutableSortedDictionary<string, Resources> Pools => Description.Reserved;

    public bool IsOpen => Reachable && Mode == MaintenanceMode.None && !Description.DiskPressure;

    public int Devices => (int)((Description.Capacity.GpuMillis + 999) / 1000);

    public Resources Lent
    {
        get
        {
            var extra = Description.Overcommit - 1;
            return new((long)(Description.Capacity.CpuMillis * extra), (long)(Description.Capacity.MemoryMiB * extra), 0, 0);
        }
    }

    public bool IsOvercommitted
    {
        get
        {
            var used = Resources.None;
            foreach (var task in Tasks)
            {
                if (!task.IsPromise) used += task.Demand.Request - task.Split.Lent;
            }

            return !used.FitsInto(Description.Capacity);
        }
    }

    public ImmutableArray<string> ValuesOf(string attribute) =>
        attribute == "node" ? [Id] : Description.Attributes.TryGetValue(attribute, out var values) ? values : [];

    public Resources Free()
    {
        var free = Description.Capacity;
        foreach (var (_, pool) in Pools) free -= pool;
        foreach (var task in Tasks) free -= task.Split.Free;
        return free;
    }

    public Resources FreeLent()
    {
        var free = Lent;
        foreach (var task in Tasks) free -= task.Split.Lent;
        return free;
    }

    public Resources FreeOfPool(string role)
    {
        var free = Pools[role];
        foreach (var task in Tasks)
        {
            foreach (var part in task.Split.Pools)
            {
                if (part.Role == role) free -= part.Amount;
            }
        }

        return free;
    }

    public long FreeOfDevice(int device)
    {
        var free = Math.Min(1000, Description.Capacity.GpuMillis - (device * 1000L));
        foreach (var task in Tasks)
        {
            if (task.Devices.Contains(device)) free -= Math.Min(1000, task.Demand.Request.GpuMillis);
        }

        return free;
    }

    public int FreePorts()
    {
        var free = Description.PortCount;
        foreach (var task in Tasks) free -= task.Demand.Ports;
        return free;
    }

    public long FreeScalar(string name)
    {
        var free = Description.Custom.Scalars.GetValueOrDefault(name);
        foreach (var task in Tasks) free -= task.Demand.Custom.Scalars.GetValueOrDefault(name);
        return free;
    }

    public int FreeItems(string set)
    {
        var free = Description.Custom.Sets.TryGetValue(set, out var items) ? items.Length : 0;
        foreach (var task in Tasks) free -= task.Demand.Custom.Sets.GetValueOrDefault(set);
        return free;
    }
}
