namespace OrleansScheduler.Core;

/// <content>Nodes: what they are, what of them is set aside, and who may be sent there.</content>
public sealed partial class Ledger
{
    /// <summary>Above this, sums over all nodes could leave the range of 64 bits.</summary>
    private static readonly Resources Largest = new(Quota.Largest, Quota.Largest, Quota.Largest, Quota.Largest);

    private void Change(LedgerEvent.NodeChanged change)
    {
        if (!change.Description.Capacity.IsNonNegative || !change.Description.Capacity.FitsInto(Largest))
            throw new InvariantException($"node {change.Description.Id} cannot have {change.Description.Capacity}");
        var isNew = !_nodes.TryGetValue(change.Description.Id, out var node);
        if (isNew) node = AddNode(change.Description.Id);
        var (before, capacity) = (node!.Description, Open(node));
        if (!node.Change(change, node.FirstHeld < 0 ? [] : RowsOn(node).SelectMany(h => _held[h].Ports).ToList())) return;

        if (isNew || !SameAttributes(before, node.Description))
        {
            _attributes.Change(node.Index, isNew ? null : before, node.Description);
            foreach (var held in RowsOn(node)) _held[held].Job.ForgetCounts();
        }

        _capacity += Open(node) - capacity;
        AdjustPools(node);
        _supply++;
        Refresh(node, factsChanged: true);
        Weigh();
        TellBook(node);
    }

    private void Remove(string id)
    {
        if (!_nodes.TryGetValue(id, out var node) || node.FirstHeld >= 0) return;
        EndHold(node);
        var gone = new LedgerEvent.NodeChanged(
            new NodeDescription { Id = id, Host = node.Description.Host, Capacity = Resources.None }, node.Generation, false, node.Mode);
        Change(gone);
        _nodes.Remove(id);
        _offers?.RemoveNode(id);
        _freeNumbers.Push(node.Index);
    }

    private LedgerNode AddNode(string id)
    {
        LedgerNode node;
        if (_freeNumbers.TryPop(out var number))
        {
            node = new LedgerNode(id, number);
            _order[number] = node;
        }
        else
        {
            node = new LedgerNode(id, _table.Add());
            _revocable.Add();
            _order.Add(node);
        }

        _nodes[id] = node;
        return node;
    }

    /// <summary>What of a node counts as the cell's capacity: all of it while it takes tasks.</summary>
    private static Resources Open(LedgerNode node) => node.IsReachableAndOpen ? node.Description.Capacity : Resources.None;

    private static bool SameAttributes(NodeDescription a, NodeDescription b) =>
        a.Attributes.Count == b.Attributes.Count
        && a.Attributes.All(x => b.Attributes.TryGetValue(x.Key, out var y) && x.Value.AsSpan().SequenceEqual(y.AsSpan()));

    /// <summary>Brings a node's lanes, and whether it may be used at all, up to date.</summary>
    private void Refresh(LedgerNode node, bool factsChanged = false)
    {
        _table.Set(node);
        if (node.Amounts.RevocableCapacity != Resources.None || _revocable.Cpu[node.Index] >= 0)
            _revocable.Set(node);

        var ready = node.TakesTasks && _nodes.ContainsKey(node.Id);
        if (ready == _ready[node.Index] && !factsChanged) return;
        _ready[node.Index] = ready;
        foreach (var constraints in _constraints.All)
            constraints.Allowed[node.Index] = ready && constraints.Broken(node.Description) is null;
    }

    /// <summary>Follows the cell's capacity: the base of shares and headroom, and of what counts as an average node.</summary>
    private void Weigh()
    {
        _roles.Total = _capacity;
        if (!_scorer.Weigh(_capacity, _order.Count)) return;
        foreach (var node in _order) Refresh(node);
        Judge();
    }

    /// <summary>Brings all keys up to date with what has been learned.</summary>
    private void Judge()
    {
        if (_scorer.IsByLane) return;
        _table.Judge(_order);
        _revocable.Judge(_order);
    }

    /// <summary>
    /// Makes the pools of a node what its agent and the operators say, as far as what is in use allows; what is missing follows when tasks
    /// have ended.
    /// </summary>
    private void AdjustPools(LedgerNode node)
    {
        if (node.Description.Reserved.IsEmpty && node.Reserved.Count == 0 && node.Amounts.Pools.IsEmpty) return;
        foreach (var (path, amount) in node.Description.Reserved) Adjust(path, amount, PoolTraits.Static);
        foreach (var (path, amount) in node.Reserved) Adjust(path, amount, PoolTraits.None);
        foreach (var pool in node.Amounts.Pools.ToArray())
        {
            var path = _roles.PathOf(pool.Role);
            var isWanted = pool.Traits.HasFlag(PoolTraits.Static)
                ? node.Description.Reserved.ContainsKey(path)
                : node.Reserved.ContainsKey(path);
            if (!isWanted) Adjust(path, Resources.None, pool.Traits);
        }

        void Adjust(string path, Resources wanted, PoolTraits traits)
        {
            var role = _roles.GetOrAdd(path);
            if (role <= 0 || !wanted.IsNonNegative) return;
            ReservedPool? pool = null;
            foreach (var candidate in node.Amounts.Pools)
            {
                if (candidate.Role == role && candidate.Traits == traits) pool = candidate;
            }

            var has = pool?.Capacity ?? Resources.None;
            var more = Amounts.Min(Amounts.Positive(wanted - has), Amounts.Positive(node.Amounts.Free));
            var less = pool is null ? Resources.None : Amounts.Min(Amounts.Positive(has - wanted), pool.Free);
            if (less != Resources.None && node.Amounts.Unreserve(_roles, pool!.Id, less, force: true).Problem is null)
                _roles.Unreserve(role, less);
            if (more != Resources.None && node.Amounts.Reserve(_roles, role, more, traits).Problem is null)
                _roles.Reserve(role, more);
            var nodes = _poolNodes.TryGetValue(role, out var known) ? known : _poolNodes[role] = [];
            var any = false;
            foreach (var candidate in node.Amounts.Pools) any |= candidate.Role == role;
            if (any) nodes.Add(node.Index);
            else nodes.Remove(node.Index);
        }
    }

    private void ReserveFor(LedgerEvent.NodeReserved reserved)
    {
        if (!_nodes.TryGetValue(reserved.Node, out var node)) return;
        if (reserved.Amount == Resources.None) node.Reserved.Remove(reserved.Role);
        else node.Reserved[reserved.Role] = reserved.Amount;
        AdjustPools(node);
        _supply++;
        Refresh(node);
    }

    private void Change(LedgerEvent.RoleChanged change)
    {
        if ((change.Quota?.Check() ?? RoleTree.CheckWeight(change.Weight)) is { } problem)
            throw new InvariantException($"role {change.Role} cannot have this: {problem.Message}");
        var role = _roles.GetOrAdd(change.Role);
        if (role <= 0) return;
        _roles.SetQuota(role, change.Quota);
        _roles.SetWeight(role, change.Weight);
        _supply++;
    }
}
