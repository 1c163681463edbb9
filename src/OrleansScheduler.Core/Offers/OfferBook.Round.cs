namespace OrleansScheduler.Core;

/// <content>Rounds: everything that is free is offered to whom it is due.</content>
public sealed partial class OfferBook
{
    private readonly NodeSet _open = new();
    private readonly NodeSet _any = new();
    private readonly NodeSet _revocable = new();
    private readonly NodeSet _grown = new();
    private readonly NodeSet _refused = new();
    private readonly Dictionary<int, NodeSet> _pools = [];
    private readonly List<OfferClient> _exhausted = [];
    private readonly List<OfferClient> _tried = [];
    private readonly List<Loan> _lent = [];
    private readonly Dictionary<(OfferClient Client, int Node), Loan> _lentInStage1 = [];
    private Resources _total;
    private long _round;

    /// <summary>
    /// Offers what is free: first what is guaranteed, to the roles that do not have it yet, then everything to everyone, within limits and
    /// while what is guaranteed to others stays available. In both, roles and the frameworks in them are served in fair order, a node at
    /// a time.
    /// </summary>
    public ImmutableArray<Offer> Allocate(DateTimeOffset now)
    {
        WantsRound = false;
        _round++;
        EndFilters(now);
        Refresh();
        Survey();
        var until = now + _options.Timeout;
        if (_roles.RequiredHeadroom != Resources.None) Serve(stage: 1, until);
        Serve(stage: 2, until);
        var offers = ImmutableArray.CreateBuilder<Offer>(_lent.Count);
        foreach (var loan in _lent) offers.Add(loan.Describe());
        _lent.Clear();
        _lentInStage1.Clear();
        return offers.MoveToImmutable();
    }

    /// <summary>Shares of frameworks follow the cell's capacity.</summary>
    private void Refresh()
    {
        if (_total == _roles.Total) return;
        _total = _roles.Total;
        foreach (var client in _clients) client.Share = Amounts.DominantShare(client.Allocated, _total);
        foreach (var role in _roleList) role.Waiting.Rebuild();
    }

    /// <summary>One look at every node: what it has to offer, and whether that is more than filters covered.</summary>
    private void Survey()
    {
        _open.Clear();
        _any.Clear();
        _revocable.Clear();
        _grown.Clear();
        _refused.Clear();
        foreach (var set in _pools.Values) set.Clear();
        foreach (var node in _nodes)
        {
            if (node is null) continue;
            if (node.Filters > 0)
            {
                if (node.IsRefused) _refused.Add(node.Index);
                if (node.Grew()) _grown.Add(node.Index);
            }

            Open(node);
        }

        foreach (var client in _clients)
        {
            if (client.Filters.Count == 0) continue;
            client.Covered.RemoveAll(_grown);
            client.Covered.AddAll(client.Filtered, _refused);
        }

        foreach (var role in _roleList)
        {
            role.Pools.Clear();
            if (_pools.Count == 0) continue;
            for (var at = role.Id; at >= 0; at = _roles.ParentOf(at))
            {
                if (_pools.TryGetValue(at, out var set)) role.Pools.Add(set);
            }
        }
    }

    private void Open(OfferNode node)
    {
        var (index, amounts) = (node.Index, node.Amounts);
        var gives = node.Gives && (_options.Viewers <= 1 || node.Loans.Count < _options.Viewers);
        Set(_open, index, gives && IsWorthIt(amounts.Free, _options.SmallestOffers));
        Set(_any, index, gives && amounts.Free != Resources.None);
        Set(_revocable, index, gives && Amounts.Positive(amounts.RevocableFree) != Resources.None);
        foreach (var pool in amounts.Pools)
        {
            if (!_pools.TryGetValue(pool.Role, out var set)) _pools.Add(pool.Role, set = new());
            Set(set, index, gives && amounts.HasOfferable(pool.Role));
        }
    }

    private static bool IsWorthIt(in Resources amount, ImmutableArray<Resources> smallest)
    {
        foreach (var least in smallest)
        {
            if (least.FitsInto(amount)) return true;
        }

        return smallest.IsEmpty && amount != Resources.None;
    }

    private void Serve(int stage, DateTimeOffset? until)
    {
        foreach (var role in _roleList) _order.SetActive(role.Id, role.Waiting.Count > 0);
        while (_order.First() is var first && first >= 0)
        {
            var role = _offerRoles[first];
            if (stage == 1 && Guaranteed(first) == Resources.None)
            {
                _order.Skip(first);
                continue;
            }

            // As more is given a role may never have more again, so what is too little now is too little for the round.
            var allowance = _roles.AllowanceOf(first, OfferNode.Unbounded);
            var client = (OfferClient)role.Waiting.First!;
            if (TryServe(client, allowance, stage, until)) continue;
            role.Waiting.Remove(client);
            _exhausted.Add(client);
            if (role.Waiting.Count == 0) _order.Skip(first);
        }

        _order.ResetSkips();
        foreach (var client in _exhausted) Enter(client);
        _exhausted.Clear();
        foreach (var client in _tried)
        {
            client.Tried.Clear();
            client.HasTried = false;
        }

        _tried.Clear();
    }

    /// <summary>What a role and those above it have not got yet of what is guaranteed to them.</summary>
    private Resources Guaranteed(int role)
    {
        var sum = Resources.None;
        for (var at = role; at >= 0; at = _roles.ParentOf(at)) sum = Amounts.Max(sum, _roles.UnsatisfiedGuaranteeOf(at));
        return sum;
    }

    /// <summary>Gives a framework one node; false when there is none for it any more.</summary>
    private bool TryServe(OfferClient client, in Resources allowance, int stage, DateTimeOffset? until)
    {
        var smallest = client.SmallestOffers ?? _options.SmallestOffers;
        var unreserved = !IsWorthIt(allowance, smallest) ? null : client.SmallestOffers is null ? _open : _any;
        var from = _nodes.Count == 0 ? 0 : _random.Next(_nodes.Count);
        while (FindNode(client, unreserved, from) is var index && index >= 0)
        {
            var node = _nodes[index]!;
            var offered = Offering(client, node, stage, out var isAll);
            if (client.Demand is { } demand && !TryCut(client, node, demand, offered, out offered)) offered = default;
            if (offered.IsEmpty || !IsWorthIt(offered.Sum, smallest))
            {
                Try(client, index);
                continue;
            }

            if (Refuses(client, node, offered))
            {
                if (isAll && client.Demand is null) Cover(client, node);
                else Try(client, index);
                continue;
            }

            if (_lentInStage1.Count > 0 && _lentInStage1.TryGetValue((client, index), out var lent)) Extend(lent, offered);
            else
            {
                lent = Lend(node, client, offered, until);
                _lent.Add(lent);
                if (stage == 1) _lentInStage1.Add((client, index), lent);
            }

            if (HasShared(node, offered)) node.SharedInRound = _round;
            Open(node);
            if (lent.IsHeld) Try(client, index);
            return true;
        }

        return false;
    }

    /// <summary>The next node, from a place on, that is open to a framework; -1 when there is none.</summary>
    private int FindNode(OfferClient client, NodeSet? unreserved, int from)
    {
        var words = (_nodes.Count + 63) >> 6;
        var revocable = client.Framework.Description.Has(FrameworkCapabilities.RevocableResources) ? _revocable : null;
        var (excluded, covered) = (client.Excluded, client.Filters.Count > 0 ? client.Covered : null);
        var (tried, viewed) = (client.HasTried ? client.Tried : null, _options.Viewers > 1 ? client.Viewed : null);
        var pools = client.Role.Pools;
        if (unreserved is null && revocable is null && pools.Count == 0) return -1;
        for (var i = 0; i <= words; i++)
        {
            var at = (from >> 6) + i;
            if (at >= words) at -= words;
            var word = NodeSet.Word(unreserved, at) | NodeSet.Word(revocable, at);
            foreach (var set in pools) word |= NodeSet.Word(set, at);
            if (word == 0) continue;
            word &= ~(NodeSet.Word(excluded, at) | NodeSet.Word(covered, at) | NodeSet.Word(tried, at) | NodeSet.Word(viewed, at));
            if (i == 0) word &= ulong.MaxValue << (from & 63);
            if (word != 0) return NodeSet.Lowest(at, word);
        }

        return -1;
    }

    private void Try(OfferClient client, int node)
    {
        client.Tried.Add(node);
        if (client.HasTried) return;
        client.HasTried = true;
        _tried.Add(client);
    }

    private static void Cover(OfferClient client, OfferNode node)
    {
        client.Covered.Add(node.Index);
        node.See();
    }

    private static bool HasShared(OfferNode node, in Taken parts)
    {
        foreach (var part in parts.PoolsOrEmpty)
        {
            if (node.Amounts.FindPool(part.Pool)!.Traits.HasFlag(PoolTraits.Shared)) return true;
        }

        return false;
    }

    /// <summary>What a framework can be offered of a node now, by stage of the round (mesos.md 3.1).</summary>
    /// <param name="client">Whom.</param>
    /// <param name="node">Of which node.</param>
    /// <param name="stage">1 while guarantees are given, 2 for everything.</param>
    /// <param name="isAll">Whether quotas took nothing from it.</param>
    private Taken Offering(OfferClient client, OfferNode node, int stage, out bool isAll)
    {
        isAll = true;
        if (!node.Gives) return default;
        var (framework, role) = (client.Framework.Description, client.Role.Id);
        var free = node.Amounts.Free;
        var takesRevocable = framework.Has(FrameworkCapabilities.RevocableResources);
        var revocable = takesRevocable ? Amounts.Positive(node.Amounts.RevocableFree) : Resources.None;
        ImmutableArray<PoolPart>.Builder? parts = null;
        var (ofNobody, hasReserved) = (Resources.None, false);
        foreach (var pool in node.Amounts.Pools)
        {
            if (pool.Offerable == Resources.None || !_roles.IsSelfOrDescendant(role, pool.Role)) continue;
            if (pool.Refines >= 0 && !framework.Has(FrameworkCapabilities.ReservationRefinement)) continue;
            if (pool.Traits.HasFlag(PoolTraits.Shared)
                && (!framework.Has(FrameworkCapabilities.SharedResources) || node.SharedInRound == _round)) continue;
            if (pool.Role == 0)
            {
                ofNobody += pool.Offerable;
                continue;
            }

            hasReserved = true;
            (parts ??= ImmutableArray.CreateBuilder<PoolPart>()).Add(new(pool.Id, pool.Offerable));
        }

        var wanted = free + ofNobody;
        var allowed = _roles.AllowanceOf(role, wanted);
        if (stage == 1)
        {
            var guaranteed = Guaranteed(role);
            allowed = new(
                Cut(allowed.CpuMillis, guaranteed.CpuMillis), Cut(allowed.MemoryMiB, guaranteed.MemoryMiB),
                Cut(allowed.DiskMiB, guaranteed.DiskMiB), Cut(allowed.GpuMillis, guaranteed.GpuMillis));
            if (Amounts.Min(allowed, guaranteed) == Resources.None && !hasReserved) return default;
        }

        isAll = allowed == wanted;
        if (ofNobody != Resources.None)
        {
            // What cannot be divided goes first, whole or not at all; what is divided takes the rest of what is allowed.
            foreach (var pool in node.Amounts.Pools)
            {
                if (pool.Role != 0 || pool.Offerable == Resources.None || !pool.Offerable.FitsInto(allowed)) continue;
                (parts ??= ImmutableArray.CreateBuilder<PoolPart>()).Add(new(pool.Id, pool.Offerable));
                allowed -= pool.Offerable;
            }
        }

        return new(Amounts.Min(free, allowed), revocable, parts?.DrainToImmutable() ?? []);

        static long Cut(long allowed, long guaranteed) => guaranteed > 0 ? Math.Min(allowed, guaranteed) : allowed;
    }

    private static bool TryCut(OfferClient client, OfferNode node, OfferDemand demand, Taken offered, out Taken cut)
    {
        cut = default;
        var count = Math.Min(demand.Count - Times(demand.Each, client.Offered), Times(demand.Each, offered.Sum));
        return count > 0 && TryCut(node, offered, demand.Each * count, out cut);
    }

    /// <summary>A part of an offer, reservations first. Takes a copy: what is cut may replace what was offered.</summary>
    private static bool TryCut(OfferNode node, Taken offered, in Resources request, out Taken cut)
    {
        var rest = request;
        ImmutableArray<PoolPart>.Builder? parts = null;
        foreach (var (pool, amount) in offered.PoolsOrEmpty)
        {
            var part = Amounts.Min(rest, amount);
            if (part == Resources.None || !node.Amounts.FindPool(pool)!.CanGive(part)) continue;
            (parts ??= ImmutableArray.CreateBuilder<PoolPart>()).Add(new(pool, part));
            rest -= part;
        }

        cut = new(rest, Resources.None, parts?.DrainToImmutable() ?? []);
        return rest.FitsInto(offered.Unreserved);
    }

    private static int Times(in Resources each, in Resources amount)
    {
        var times = (long)int.MaxValue;
        if (each.CpuMillis > 0) times = Math.Min(times, amount.CpuMillis / each.CpuMillis);
        if (each.MemoryMiB > 0) times = Math.Min(times, amount.MemoryMiB / each.MemoryMiB);
        if (each.DiskMiB > 0) times = Math.Min(times, amount.DiskMiB / each.DiskMiB);
        if (each.GpuMillis > 0) times = Math.Min(times, amount.GpuMillis / each.GpuMillis);
        return (int)times;
    }
}
