namespace OrleansScheduler.Core;

/// <summary>Attempts of one node whose end makes room.</summary>
/// <param name="Node">The node.</param>
/// <param name="Victims">Rows of the attempts; none when those that are going anyway leave room enough.</param>
/// <param name="Going">Rows of those that are being stopped for others already and leave more than these need.</param>
/// <param name="LostCpuSeconds">Work that would be lost.</param>
/// <param name="Devices">The GPUs that the one that waits gets.</param>
internal sealed record VictimChoice(LedgerNode Node, int[] Victims, int[] Going, double LostCpuSeconds, ImmutableArray<int> Devices);

/// <summary>
/// Finds the fewest attempts of a node whose end makes room for one more, and of equally few those that lose the least work.
/// </summary>
/// <remarks>
/// All subsets in order of size, as long as there are not too many of them (exact); beyond that the cheapest are added until it fits and
/// then left out again one by one (at most as good).
/// </remarks>
internal sealed class VictimSearch(HeldTable held, RoleTree roles, DemandGroup group)
{
    private const int MaxSubsets = 20_000;

    private readonly List<(int Row, double Lost)> _candidates = [];
    private readonly Shape _shape = group.Class.Shape!.Value;
    private readonly bool _revocable = group.Class.Key.Revocable;
    private readonly List<int> _chosen = [];
    private readonly List<int> _going = [];
    private readonly List<int> _gone = [];
    private readonly List<long> _amounts = [];
    private int[] _gpus = [];
    private LedgerNode _node = null!;
    private double _bestLost;
    private int[]? _best;

    public void Begin(LedgerNode node)
    {
        _node = node;
        _candidates.Clear();
        _going.Clear();
    }

    /// <summary>Counts on the end of one that is being stopped for somebody else.</summary>
    public void AddGoing(int row) => _going.Add(row);

    public void Add(int row, DateTimeOffset now)
    {
        ref var victim = ref held[row];
        var seconds = Math.Max(0, (now - victim.Since).TotalSeconds);
        _candidates.Add((row, seconds * victim.Spec.Request.CpuMillis / 1000));
    }

    /// <summary>The best choice on the node; null when it makes no room or is not better than <paramref name="best"/>.</summary>
    public VictimChoice? Cheapest(VictimChoice? best)
    {
        if (_candidates.Count + _going.Count == 0) return null;
        _chosen.Clear();
        _chosen.AddRange(_candidates.Select(c => c.Row));
        if (!Fits(_chosen)) return null;
        _candidates.Sort(static (a, b) => a.Lost != b.Lost ? a.Lost.CompareTo(b.Lost) : a.Row.CompareTo(b.Row));
        (_best, _bestLost) = (null, double.MaxValue);
        _chosen.Clear();
        if (_going.Count > 0 && Fits(_chosen)) (_best, _bestLost) = ([], 0);
        var most = Math.Min(_candidates.Count, best?.Victims.Length ?? int.MaxValue);
        for (var size = Math.Max(1, _best is null ? AtLeast() : 1); size <= most && _best is null; size++)
        {
            // Most nodes are no better than the best so far, and this says so before their subsets are tried.
            _bestLost = size == best?.Victims.Length ? best.LostCpuSeconds : double.MaxValue;
            if (LostAtLeast(size) >= _bestLost) break;
            if (Subsets(_candidates.Count, size) > MaxSubsets)
            {
                Greedy();
                break;
            }

            _chosen.Clear();
            Choose(0, size, 0);
        }

        if (_best is null) return null;
        if (best is not null && (_best.Length > best.Victims.Length
            || (_best.Length == best.Victims.Length && _bestLost >= best.LostCpuSeconds))) return null;
        return new VictimChoice(_node, _best, [.. _going], _bestLost, Devices(_best));
    }

    /// <summary>Fewer than so many never make room: even the largest are too small in some dimension.</summary>
    private int AtLeast()
    {
        if (_revocable) return 1;
        var missing = group.Spec.Request - Amounts.Positive(_node.Amounts.Free);
        foreach (var pool in _node.Amounts.Pools) missing -= Amounts.Positive(pool.Free);
        foreach (var row in _going) missing -= held[row].Taken.Sum;
        var most = 0;
        for (var dimension = Dimension.Cpu; dimension <= Dimension.Gpu; dimension++)
        {
            var rest = missing.In(dimension);
            if (rest <= 0) continue;
            _amounts.Clear();
            foreach (var (row, _) in _candidates) _amounts.Add(held[row].Taken.Sum.In(dimension));
            _amounts.Sort();
            var count = 0;
            while (rest > 0 && count < _amounts.Count) rest -= _amounts[^++count];
            most = Math.Max(most, count);
        }

        return most;
    }

    /// <summary>What the cheapest so many would lose.</summary>
    private double LostAtLeast(int size)
    {
        var lost = 0.0;
        for (var i = 0; i < size; i++) lost += _candidates[i].Lost;
        return lost;
    }

    private void Choose(int from, int left, double lost)
    {
        if (lost >= _bestLost) return;
        if (left == 0)
        {
            if (Fits(_chosen)) (_best, _bestLost) = ([.. _chosen], lost);
            return;
        }

        for (var i = from; i <= _candidates.Count - left; i++)
        {
            _chosen.Add(_candidates[i].Row);
            Choose(i + 1, left - 1, lost + _candidates[i].Lost);
            _chosen.RemoveAt(_chosen.Count - 1);
        }
    }

    private void Greedy()
    {
        _chosen.Clear();
        foreach (var (row, _) in _candidates.OrderByDescending(c => held[c.Row].Spec.Request.CpuMillis).ThenBy(c => c.Lost))
        {
            _chosen.Add(row);
            if (Fits(_chosen)) break;
        }

        for (var i = 0; i < _chosen.Count;)
        {
            var row = _chosen[i];
            _chosen.RemoveAt(i);
            if (Fits(_chosen)) continue;
            _chosen.Insert(i++, row);
        }

        _best = [.. _chosen];
        _bestLost = _candidates.Where(c => _chosen.Contains(c.Row)).Sum(c => c.Lost);
    }

    /// <summary>Whether the node has room for one once these are gone.</summary>
    private bool Fits(List<int> chosen)
    {
        var gone = Gone(chosen);
        var (amounts, request) = (_node.Amounts, group.Spec.Request);
        var (free, spare) = (amounts.Free, amounts.RevocableFree);
        var ports = _node.FreePorts;
        foreach (var row in gone)
        {
            ref var victim = ref held[row];
            free += victim.Taken.Unreserved;
            spare += victim.Taken.Revocable;
            ports += victim.Spec.Ports;
        }

        if (group.Spec.Ports > 0 && ports < group.Spec.Ports) return false;
        if (_revocable)
        {
            var memory = amounts.RevocableCapacity.MemoryMiB > 0 ? spare.MemoryMiB : free.MemoryMiB;
            if (!NodeAmounts.HasAsked(request, free with { CpuMillis = spare.CpuMillis, MemoryMiB = memory })) return false;
        }
        else if (!(request - Pooled(gone, request)).FitsInto(free))
        {
            return false;
        }

        if (request.GpuMillis > 0 && Devices(chosen).IsDefault) return false;
        foreach (var (name, amount) in group.Spec.Custom.Scalars)
        {
            if (_node.Custom.FreeOf(name) + gone.Sum(r => held[r].Spec.Custom.Scalars.GetValueOrDefault(name)) < amount) return false;
        }

        foreach (var (name, count) in group.Spec.Custom.Sets)
        {
            if (_node.Custom.FreeOf(name) + gone.Sum(r => held[r].Spec.Custom.Sets.GetValueOrDefault(name)) < count) return false;
        }

        return true;
    }

    /// <summary>Those that were chosen, and those that are going anyway.</summary>
    private List<int> Gone(IReadOnlyList<int> chosen)
    {
        _gone.Clear();
        _gone.AddRange(_going);
        _gone.AddRange(chosen);
        return _gone;
    }

    /// <summary>What of a request the pools of its role and those above it will have.</summary>
    private Resources Pooled(List<int> gone, in Resources request)
    {
        var pooled = Resources.None;
        foreach (var pool in _node.Amounts.Pools)
        {
            if (!roles.IsSelfOrDescendant(group.Job.Role, pool.Role)) continue;
            var free = pool.Free;
            foreach (var row in gone) free += held[row].Taken.Of(pool.Id);
            pooled += Amounts.Min(Amounts.Positive(request - pooled), Amounts.Positive(free));
        }

        return pooled;
    }

    /// <summary>The GPUs that one gets once these are gone; default when they are not enough.</summary>
    private ImmutableArray<int> Devices(IReadOnlyList<int> chosen)
    {
        if (group.Spec.Request.GpuMillis == 0) return [];
        var gone = Gone(chosen);
        if (_gpus.Length < _node.Gpus.Count) _gpus = new int[_node.Gpus.Count];
        for (var i = 0; i < _node.Gpus.Count; i++) _gpus[i] = _node.Gpus.FreeOf(i);
        for (var i = 0; i < gone.Count; i++)
        {
            ref var victim = ref held[gone[i]];
            foreach (var device in victim.Devices) _gpus[device] += victim.Spec.EachDevice;
        }

        return GpuDevices.Choose(_shape, _gpus.AsSpan(0, _node.Gpus.Count));
    }

    private static double Subsets(int count, int size)
    {
        var subsets = 1.0;
        for (var i = 0; i < size; i++) subsets *= (count - i) / (double)(i + 1);
        return subsets;
    }
}
