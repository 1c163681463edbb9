namespace OrleansScheduler.Core;

/// <summary>
/// Lends the free capacity of nodes to frameworks: who is offered what, who declined what, and what became of it. Mesos' allocator by its
/// rules, with a cost per round of about nodes plus frameworks, where Mesos' is nodes times frameworks once they have filters.
/// </summary>
/// <remarks>
/// Pure: time is a parameter and randomness is given. What is offered counts as given in <see cref="RoleTree"/>. A node's amounts may be
/// taken and returned by others between calls. Mesos visits the nodes in random order and gives each to the first framework that may have
/// it; here the framework that is first gets a random node of those it may have. Who gets how much is the same, and no framework is
/// visited for a node that its filters cover.
/// </remarks>
public sealed partial class OfferBook
{
    private readonly RoleTree _roles;
    private readonly FairOrder _order;
    private readonly OfferOptions _options;
    private readonly Random _random;
    private readonly Dictionary<string, int> _nodeIndex = new(StringComparer.Ordinal);
    private readonly List<OfferNode?> _nodes = [];
    private readonly Stack<int> _freeIndexes = [];
    private readonly SortedDictionary<string, OfferFramework> _frameworks = new(StringComparer.Ordinal);
    private readonly Dictionary<int, OfferRole> _offerRoles = [];
    private readonly List<OfferRole> _roleList = [];
    private readonly Dictionary<long, Loan> _loans = [];
    private readonly PriorityQueue<Loan, (DateTimeOffset Until, long Id)> _ends = new();
    private readonly PriorityQueue<(OfferClient Client, int Node, OfferFilter Filter), DateTimeOffset> _filterEnds = new();
    private readonly NodeSet _gpuNodes = new();
    private readonly NodeSet _farNodes = new();
    private readonly NodeSet _gpuOrFarNodes = new();
    private readonly List<OfferClient> _clients = [];
    private long _lastOffer;

    /// <summary>A book without nodes and frameworks.</summary>
    /// <param name="roles">The roles; the caller sets <see cref="RoleTree.Total"/>, quotas and weights.</param>
    /// <param name="options">How offers are made.</param>
    /// <param name="random">Where nodes are chosen from those that are as good.</param>
    public OfferBook(RoleTree roles, OfferOptions options, Random random)
    {
        (_roles, _options, _random) = (roles, options, random);
        _order = roles.AddOrder();
    }

    /// <summary>How many offers are out.</summary>
    public int Outstanding => _loans.Count;

    /// <summary>How many filters there are.</summary>
    public int Filters { get; private set; }

    /// <summary>
    /// Whether something happened that Mesos starts a round for at once: a framework or a node came or changed, or offers were revived.
    /// Declining, quotas, weights and suppressing wait for the next one.
    /// </summary>
    public bool WantsRound { get; private set; }

    /// <summary>The offers that are out, in order of their numbers.</summary>
    public ImmutableArray<Offer> Offers => [.. _loans.Values.OrderBy(l => l.Id).Select(l => l.Describe())];

    /// <summary>An offer that is out; null when it is not.</summary>
    public Offer? Find(long offer) => _loans.GetValueOrDefault(offer)?.Describe();

    /// <summary>What a framework holds and was offered in a role.</summary>
    public Resources AllocatedTo(string framework, string role) =>
        _frameworks.GetValueOrDefault(framework)?.Clients.GetValueOrDefault(role)?.Allocated ?? Resources.None;

    /// <summary>Takes over what a node is. Filters for it end when its attributes or its capacity changed.</summary>
    /// <returns>Offers that are rescinded, because the node takes no tasks now or has less than it runs.</returns>
    public ImmutableArray<Offer> PutNode(string id, NodeAmounts amounts, OfferNodeFacts facts)
    {
        OfferNode node;
        if (_nodeIndex.TryGetValue(id, out var index))
        {
            node = _nodes[index]!;
            if (node.Capacity != amounts.Capacity || !SameFacts(node.Facts, facts)) EndFilters(node);
        }
        else
        {
            index = _freeIndexes.TryPop(out var free) ? free : _nodes.Count;
            node = new(id, index);
            _nodeIndex.Add(id, index);
            if (index == _nodes.Count) _nodes.Add(node);
            else _nodes[index] = node;
        }

        (node.Amounts, node.Facts, node.Capacity) = (amounts, facts, amounts.Capacity);
        var hasGpus = amounts.Capacity.GpuMillis > 0;
        var isFar = facts.Region.Length > 0 && _options.Region.Length > 0 && facts.Region != _options.Region;
        Set(_gpuNodes, index, hasGpus);
        Set(_farNodes, index, isFar);
        Set(_gpuOrFarNodes, index, hasGpus || isFar);
        foreach (var client in _clients)
        {
            if (client.Constraints is { } constraints) Set(client.Excluded!, index, IsExcluded(client, constraints, node));
        }

        WantsRound = true;
        return node.Gives ? [] : Rescind(node);
    }

    /// <summary>Forgets a node. What frameworks hold there is given back by <see cref="Release"/> as ever.</summary>
    /// <returns>Offers that are rescinded.</returns>
    public ImmutableArray<Offer> RemoveNode(string id)
    {
        if (!_nodeIndex.TryGetValue(id, out var index)) return [];
        var node = _nodes[index]!;
        var rescinded = Rescind(node);
        EndFilters(node);
        _nodeIndex.Remove(id);
        _nodes[index] = null;
        _freeIndexes.Push(index);
        return rescinded;
    }

    /// <summary>Takes back all offers of a node, as when its reservations change.</summary>
    public ImmutableArray<Offer> RescindNode(string id) =>
        _nodeIndex.TryGetValue(id, out var index) ? Rescind(_nodes[index]!) : [];

    /// <summary>Takes back one offer; null when it is not out.</summary>
    public Offer? Rescind(long offer)
    {
        if (!_loans.TryGetValue(offer, out var loan)) return null;
        End(loan);
        return loan.Describe();
    }

    /// <summary>Takes back the offers whose time is over.</summary>
    public ImmutableArray<Offer> Expire(DateTimeOffset now)
    {
        var ended = ImmutableArray.CreateBuilder<Offer>();
        while (_ends.TryPeek(out var loan, out var end) && end.Until <= now)
        {
            _ends.Dequeue();
            if (_loans.ContainsKey(loan.Id)) ended.Add(Rescind(loan.Id)!);
        }

        return ended.DrainToImmutable();
    }

    /// <summary>
    /// Takes back offers that stand in the way of quotas, newest first: of roles beyond their limit, and where guarantees of others are
    /// short, of roles that have what is guaranteed to them.
    /// </summary>
    public ImmutableArray<Offer> RescindForQuotas()
    {
        var rescinded = ImmutableArray.CreateBuilder<Offer>();
        foreach (var loan in _loans.Values.OrderByDescending(l => l.Id).ToList())
        {
            if (loan.Unreserved == Resources.None || !StandsInTheWay(loan)) continue;
            End(loan);
            rescinded.Add(loan.Describe());
        }

        return rescinded.DrainToImmutable();
    }

    /// <summary>Takes back offers of capacity that is not there any more, where several frameworks see the same.</summary>
    public ImmutableArray<Offer> RescindStale(string node)
    {
        if (!_nodeIndex.TryGetValue(node, out var index)) return [];
        var rescinded = ImmutableArray.CreateBuilder<Offer>();
        foreach (var loan in _nodes[index]!.Loans.ToList())
        {
            if (loan.IsHeld || loan.Node.Amounts.Has(loan.Parts)) continue;
            End(loan);
            rescinded.Add(loan.Describe());
        }

        return rescinded.DrainToImmutable();
    }

    /// <summary>What a framework held is free again: a task of it ended. Starts no round and makes no filter.</summary>
    /// <param name="framework">The framework; it may be gone.</param>
    /// <param name="role">The role it was offered for.</param>
    /// <param name="node">The node; it may be gone.</param>
    /// <param name="parts">What is given back.</param>
    public Problem? Release(string framework, string role, string node, in Taken parts)
    {
        if (_roles.Find(role) is var id && id < 0) return Problem.Of(ProblemKind.NotFound, "role-not-found", $"There is no role {role}.");
        var client = _frameworks.GetValueOrDefault(framework)?.Clients.GetValueOrDefault(role);
        var sum = parts.Sum;
        if (!parts.IsNonNegative || (client is not null && !sum.FitsInto(client.Allocated)))
            return Problem.Of(ProblemKind.Invalid, "release-exceeds-holding", $"{framework} does not hold {sum} for {role}.");
        var amounts = _nodeIndex.TryGetValue(node, out var index) ? _nodes[index]!.Amounts : null;
        amounts?.Return(parts);
        _roles.Discharge(id, sum, amounts?.UnreservedOf(parts) ?? parts.Unreserved, allocations: 0);
        if (client is not null) Count(client, Resources.None - sum, allocations: 0);
        return null;
    }

    private static void Set(NodeSet set, int node, bool member)
    {
        if (member) set.Add(node);
        else set.Remove(node);
    }

    private static bool SameFacts(OfferNodeFacts a, OfferNodeFacts b) => ReferenceEquals(a, b)
        || (a.Host == b.Host && a.Region == b.Region && a.Zone == b.Zone && a.Attributes.Count == b.Attributes.Count
            && a.Attributes.All(x => b.Attributes.TryGetValue(x.Key, out var y) && x.Value.AsSpan().SequenceEqual(y.AsSpan())));

    private bool StandsInTheWay(Loan loan)
    {
        var role = loan.Client.Role.Id;
        for (var at = role; at >= 0; at = _roles.ParentOf(at))
        {
            var limit = (_roles.QuotaOf(at)?.Limit ?? ResourceLimit.None).OrLargest;
            if (Overlaps(loan.Unreserved, Amounts.Positive(_roles.ConsumedBy(at)), limit)) return true;
        }

        if (!Overlaps(loan.Unreserved, _roles.RequiredHeadroom, _roles.AvailableHeadroom)) return false;

        // Giving back what is part of a guarantee would help nobody: as much would be required again.
        var before = Short();
        _roles.Discharge(role, loan.Unreserved, loan.Unreserved, allocations: 0);
        var helps = Overlaps(loan.Unreserved, before, Short());
        _roles.Charge(role, loan.Unreserved, loan.Unreserved, allocations: 0);
        return helps;

        Resources Short() => Amounts.Positive(_roles.RequiredHeadroom - _roles.AvailableHeadroom);

        static bool Overlaps(in Resources held, in Resources much, in Resources most) =>
            (held.CpuMillis > 0 && much.CpuMillis > most.CpuMillis) || (held.MemoryMiB > 0 && much.MemoryMiB > most.MemoryMiB)
            || (held.DiskMiB > 0 && much.DiskMiB > most.DiskMiB) || (held.GpuMillis > 0 && much.GpuMillis > most.GpuMillis);
    }

    private ImmutableArray<Offer> Rescind(OfferNode node)
    {
        var rescinded = ImmutableArray.CreateBuilder<Offer>(node.Loans.Count);
        foreach (var loan in node.Loans.ToList())
        {
            End(loan);
            rescinded.Add(loan.Describe());
        }

        return rescinded.DrainToImmutable();
    }

    /// <summary>Ends an offer and gives everything of it back.</summary>
    private void End(Loan loan)
    {
        Forget(loan);
        if (loan.IsHeld)
        {
            GiveBack(loan.Node, loan.Client, loan.Parts);
            return;
        }

        var sum = loan.Parts.Sum;
        _roles.Discharge(loan.Client.Role.Id, sum, loan.Unreserved, allocations: 0);
        Count(loan.Client, Resources.None - sum, allocations: 0);
    }

    private void GiveBack(OfferNode node, OfferClient client, in Taken parts)
    {
        var sum = parts.Sum;
        _roles.Discharge(client.Role.Id, sum, node.Amounts.UnreservedOf(parts), allocations: 0);
        node.Amounts.Return(parts);
        Count(client, Resources.None - sum, allocations: 0);
    }

    private void Forget(Loan loan)
    {
        if (!_loans.Remove(loan.Id)) throw new InvariantException($"offer {loan.Id} ends twice");
        loan.Node.Loans.Remove(loan);
        var loans = loan.Client.Loans;
        loans[loan.At] = loans[^1];
        loans[loan.At].At = loan.At;
        loans.RemoveAt(loans.Count - 1);
        loan.Client.Offered -= loan.Parts.Sum;
        if (!loan.IsHeld) loan.Client.Viewed.Remove(loan.Node.Index);
    }

    private Loan Lend(OfferNode node, OfferClient client, in Taken parts, DateTimeOffset? until)
    {
        var held = _options.Viewers <= 1;
        var loan = new Loan(++_lastOffer, node, client, until) { IsHeld = held };
        _loans.Add(loan.Id, loan);
        node.Loans.Add(loan);
        loan.At = client.Loans.Count;
        client.Loans.Add(loan);
        if (until is { } end) _ends.Enqueue(loan, (end, loan.Id));
        if (!held) client.Viewed.Add(node.Index);
        Extend(loan, parts);
        return loan;
    }

    private void Extend(Loan loan, in Taken parts)
    {
        var unreserved = Resources.None;
        if (loan.IsHeld)
        {
            if (!loan.Node.Amounts.TryTake(parts)) throw new InvariantException($"node {loan.Node.Id} cannot lend what it offers");
            unreserved = loan.Node.Amounts.UnreservedOf(parts);
        }

        var sum = parts.Sum;
        loan.Parts = loan.Parts.With(parts);
        loan.Unreserved += unreserved;
        loan.Client.Offered += sum;
        _roles.Charge(loan.Client.Role.Id, sum, unreserved, allocations: 1);
        Count(loan.Client, sum, allocations: 1);
    }

    private void Count(OfferClient client, in Resources amount, int allocations)
    {
        client.Allocated += amount;
        client.Allocations += allocations;
        client.Share = Amounts.DominantShare(client.Allocated, _roles.Total);
        client.Role.Waiting.Move(client);
    }
}
