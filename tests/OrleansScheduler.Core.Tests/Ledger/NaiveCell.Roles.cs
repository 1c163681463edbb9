namespace OrleansScheduler.Core.Tests;

/// <content>Roles: whose turn it is, and who may have more. Counted anew every time.</content>
internal sealed partial class NaiveCell
{
    private readonly NaiveRole _root = new("", "", null);

    private enum Size
    {
        Cpu,
        Memory,
        Disk,
        Gpu,
    }

    private bool HasQuotas => _root.All().Any(r => r.Quota is not null);

    public NaiveRole Role(string path)
    {
        var at = _root;
        foreach (var name in path.Split('/')) at = at.Child(name);
        return at;
    }

    /// <summary>The group whose turn it is among those that are not set aside; null when there is none.</summary>
    public NaiveGroup? Next(HashSet<NaiveGroup> aside)
    {
        Recount();
        foreach (var role in _root.All()) role.Head = null;
        foreach (var group in Groups)
        {
            if (group.Waiting.Count == 0 || aside.Contains(group)) continue;
            var role = Role(group.Path);
            if (role.Head is null || NaiveGroup.Compare(group, role.Head) < 0) role.Head = group;
        }

        var (at, total) = (_root, Total());
        while (true)
        {
            NaiveRole? best = null;
            var bestRank = (Share: at == _root || at.Head is null ? double.MaxValue
                : Share(at.Own, total, 1), Count: at.OwnCount, Name: ".");
            foreach (var child in at.Children.Values)
            {
                if (!child.All().Any(r => r.Head is not null)) continue;
                var rank = (Share: Share(child.Allocated, total, child.Weight), child.Count, child.Name);
                var order = rank.Share.CompareTo(bestRank.Share);
                if (order == 0) order = rank.Count.CompareTo(bestRank.Count);
                if (order == 0) order = string.CompareOrdinal(rank.Name, bestRank.Name);
                if (order < 0) (best, bestRank) = (child, rank);
            }

            if (best is null) return at.Head;
            at = best;
        }
    }

    /// <summary>
    /// Whether a role may have so much more that is not reserved: within the limits of it and all above it, and without making the
    /// shortage of what is guaranteed to others worse, in the cell and within every limit.
    /// </summary>
    public bool Admits(string path, Resources more)
    {
        Recount();
        var role = Role(path);
        _root.Require();
        var before = role.Path().Select(r => Shortage(r)).ToList();
        foreach (var at in role.Path()) at.Consumed += more;
        _root.Require();
        var after = role.Path().Select(r => Shortage(r)).ToList();
        foreach (var (at, i) in role.Path().Select((r, i) => (r, i)))
        {
            for (var size = Size.Cpu; size <= Size.Gpu; size++)
            {
                if (In(more, size) <= 0) continue;
                if (Limit(at, size) is { } limit && In(at.Consumed, size) > limit) return false;
                if (In(after[i], size) > In(before[i], size)) return false;
            }
        }

        return true;
    }

    /// <summary>
    /// How far the roles' quotas are broken: by how much limits are exceeded and guarantees short of room, summed over all roles and sizes.
    /// </summary>
    public long Broken()
    {
        Recount();
        _root.Require();
        var broken = 0L;
        foreach (var role in _root.All())
        {
            var shortage = Shortage(role);
            for (var size = Size.Cpu; size <= Size.Gpu; size++)
            {
                if (Limit(role, size) is { } limit) broken += Math.Max(0, In(role.Consumed, size) - limit);
                broken += In(shortage, size);
            }
        }

        return broken;
    }

    public double ShareOf(string path)
    {
        Recount();
        return Share(Role(path).Allocated, Total(), Role(path).Weight);
    }

    public Resources Total()
    {
        var total = Resources.None;
        foreach (var node in Nodes)
        {
            if (node.IsOpen) total += node.Description.Capacity;
        }

        return total;
    }

    private static double Share(Resources amount, Resources total, double weight)
    {
        var share = 0.0;
        for (var size = Size.Cpu; size <= Size.Gpu; size++)
        {
            if (In(total, size) > 0) share = Math.Max(share, (double)In(amount, size) / In(total, size));
        }

        return share / weight;
    }

    private static long In(Resources amount, Size size) => size switch
    {
        Size.Cpu => amount.CpuMillis,
        Size.Memory => amount.MemoryMiB,
        Size.Disk => amount.DiskMiB,
        _ => amount.GpuMillis,
    };

    private static long? Limit(NaiveRole role, Size size) => role.Quota is not { } quota ? null : size switch
    {
        Size.Cpu => quota.Limit.CpuMillis,
        Size.Memory => quota.Limit.MemoryMiB,
        Size.Disk => quota.Limit.DiskMiB,
        _ => quota.Limit.GpuMillis,
    };

    /// <summary>By how much what must stay available is more than what is: in the cell, or below a role within its limit.</summary>
    private Resources Shortage(NaiveRole role)
    {
        return new(Of(Size.Cpu), Of(Size.Memory), Of(Size.Disk), Of(Size.Gpu));

        long Of(Size size)
        {
            if (role == _root)
            {
                var needed = In(role.Required, size);
                return needed <= 0 ? 0 : Math.Max(0, needed - (In(Total(), size) - In(role.Consumed, size)));
            }

            if (Limit(role, size) is not { } limit) return 0;
            var below = role.Children.Values.Sum(c => In(c.Required, size));
            return below <= 0 ? 0 : Math.Max(0, below - Math.Max(0, limit - In(role.Consumed, size)));
        }
    }

    private void Recount()
    {
        foreach (var role in _root.All()) role.Clear();
        foreach (var node in Nodes)
        {
            foreach (var (path, pool) in node.Pools) Role(path).Consumed += pool;
            foreach (var task in node.Tasks)
            {
                var role = Role(PathOf(task.Job));
                role.OwnCount++;
                if (task.IsRevocable) continue;
                role.Own += task.Demand.Request;
                role.Consumed += task.Split.Free;
            }
        }

        _root.SumUp();
    }
}

/// <summary>One role of the reference.</summary>
internal sealed class NaiveRole(string name, string path, NaiveRole? parent)
{
    public string Name { get; } = name;

    public SortedDictionary<string, NaiveRole> Children { get; } = new(StringComparer.Ordinal);

    public Quota? Quota { get; set; }

    public double Weight { get; set; } = 1;

    public NaiveGroup? Head { get; set; }

    /// <summary>What the role itself was given.</summary>
    public Resources Own { get; set; }

    public int OwnCount { get; set; }

    /// <summary>What the role and all below it were given.</summary>
    public Resources Allocated { get; private set; }

    public int Count { get; private set; }

    /// <summary>What counts against quotas.</summary>
    public Resources Consumed { get; set; }

    public Resources Required { get; private set; }

    public NaiveRole Child(string name)
    {
        if (!Children.TryGetValue(name, out var child))
            Children[name] = child = new NaiveRole(name, path.Length == 0 ? name : $"{path}/{name}", this);
        return child;
    }

    public IEnumerable<NaiveRole> All()
    {
        yield return this;
        foreach (var child in Children.Values)
        {
            foreach (var role in child.All()) yield return role;
        }
    }

    /// <summary>The role and all above it.</summary>
    public IEnumerable<NaiveRole> Path()
    {
        for (var at = this; at is not null; at = at.Above) yield return at;
    }

    public void Clear() => (Own, OwnCount, Consumed) = (Resources.None, 0, Resources.None);

    public void SumUp()
    {
        (Allocated, Count) = (Own, OwnCount);
        foreach (var child in Children.Values)
        {
            child.SumUp();
            Allocated += child.Allocated;
            Count += child.Count;
            Consumed += child.Consumed;
        }
    }

    /// <summary>What must stay available: the unused guarantee, or what the children need if that is more.</summary>
    public Resources Require()
    {
        var below = Resources.None;
        foreach (var child in Children.Values) below += child.Require();
        var unused = (Quota?.Guarantee ?? Resources.None) - Consumed;
        return Required = new(
            Math.Max(Math.Max(0, unused.CpuMillis), below.CpuMillis), Math.Max(Math.Max(0, unused.MemoryMiB), below.MemoryMiB),
            Math.Max(Math.Max(0, unused.DiskMiB), below.DiskMiB), Math.Max(Math.Max(0, unused.GpuMillis), below.GpuMillis));
    }

    public override string ToString() => path;

    private NaiveRole? Above => parent;
}
