namespace OrleansScheduler.Core;

/// <summary>
/// All roles with what they hold: who comes next under hierarchical weighted dominant-resource fairness, and who may be given how much
/// under quotas. Roles are numbered as they come; 0 is the root, the cell itself.
/// </summary>
/// <remarks>
/// Everything that a grant changes is kept up to date along one path from the role to the root; no question walks over all roles, except
/// who is first after <see cref="Total"/> has changed. Nothing here depends on the order in which roles were added.
/// </remarks>
public sealed partial class RoleTree
{
    private readonly Dictionary<string, Role> _byPath = new(StringComparer.Ordinal);
    private readonly List<Role> _roles = [];
    private readonly FairOrder _order;
    private int _quotas;

    /// <summary>A cell in which nothing is held.</summary>
    public RoleTree()
    {
        Add("", parent: null);
        _order = AddOrder();
    }

    /// <summary>How many roles there are, the root included.</summary>
    public int Count => _roles.Count;

    /// <summary>Capacity of the nodes that take tasks, without what is revocable.</summary>
    public Resources Total
    {
        get;
        set
        {
            if (field == value) return;
            field = value;
            foreach (var order in _orders) order.SharesAreOld = true;
        }
    }

    /// <summary>Capacity that is neither reserved nor in use: what is there for guarantees, and for others beyond them.</summary>
    public Resources AvailableHeadroom => Total - _roles[0].Consumed;

    /// <summary>How much must stay available for guarantees that are not used up.</summary>
    public Resources RequiredHeadroom => _roles[0].Required;

    /// <summary>The role with that path, with all above it; -1 when the path is not valid (<see cref="RolePath"/>).</summary>
    public int GetOrAdd(string path)
    {
        if (_byPath.TryGetValue(path, out var found)) return found.Id;
        if (!RolePath.IsValid(path)) return -1;
        var slash = path.LastIndexOf('/');
        var parent = slash < 0 ? 0 : GetOrAdd(path[..slash]);
        return Add(path, _roles[parent]).Id;
    }

    /// <summary>The role with that path; -1 when there is none.</summary>
    public int Find(string path) => _byPath.TryGetValue(path, out var found) ? found.Id : -1;

    /// <summary>A role's path; the root's is empty.</summary>
    public string PathOf(int role) => _roles[role].Path;

    /// <summary>The role above; -1 above the root.</summary>
    public int ParentOf(int role) => _roles[role].Parent?.Id ?? -1;

    /// <summary>How many levels a role is below the root.</summary>
    public int DepthOf(int role) => _roles[role].Depth;

    /// <summary>Whether a role is another one or lies below it.</summary>
    public bool IsSelfOrDescendant(int role, int ancestor)
    {
        var (at, above) = (_roles[role], _roles[ancestor]);
        while (at.Depth > above.Depth) at = at.Parent!;
        return at == above;
    }

    /// <summary>Counts what a role was given.</summary>
    /// <param name="role">The role.</param>
    /// <param name="amount">Everything it was given.</param>
    /// <param name="unreserved">The part that does not come from reservations: only that counts against quotas here.</param>
    /// <param name="allocations">How often it was given something.</param>
    /// <exception cref="InvariantException">An amount is negative, or more is unreserved than was given.</exception>
    public void Charge(int role, in Resources amount, in Resources unreserved, int allocations)
    {
        if (allocations < 0 || !unreserved.IsNonNegative || !unreserved.FitsInto(amount))
            throw new InvariantException($"role {PathOf(role)} cannot be charged {amount}, {unreserved} of it unreserved");
        _ = _roles[0].Allocated + amount;
        Change(_roles[role], amount, unreserved, Resources.None, allocations);
    }

    /// <summary>Takes back what <see cref="Charge"/> counted.</summary>
    /// <param name="role">The role.</param>
    /// <param name="amount">Everything that is given back.</param>
    /// <param name="unreserved">The part that does not go back to reservations.</param>
    /// <param name="allocations">
    /// How many times being given something are forgotten. Mesos forgets none, so that frameworks that decline still take turns.
    /// </param>
    /// <exception cref="InvariantException">The role does not hold so much.</exception>
    public void Discharge(int role, in Resources amount, in Resources unreserved, int allocations)
    {
        var own = _roles[role].Own;
        if (allocations < 0 || allocations > own.Allocations || !unreserved.IsNonNegative || !unreserved.FitsInto(amount)
            || !amount.FitsInto(own.Allocated) || !unreserved.FitsInto(own.Unreserved))
        {
            throw new InvariantException(
                $"role {PathOf(role)} cannot give back {amount} ({unreserved} unreserved): it holds {own.Allocated} ({own.Unreserved})");
        }

        Change(_roles[role], Resources.None - amount, Resources.None - unreserved, Resources.None, -allocations);
    }

    /// <summary>Counts capacity that was reserved for a role, whether or not it is in use.</summary>
    /// <exception cref="InvariantException">The amount is negative.</exception>
    public void Reserve(int role, in Resources amount)
    {
        if (!amount.IsNonNegative) throw new InvariantException($"role {PathOf(role)} cannot reserve {amount}");
        _ = _roles[0].Consumed + amount;
        Change(_roles[role], Resources.None, Resources.None, amount, allocations: 0);
    }

    /// <summary>Takes back what <see cref="Reserve"/> counted.</summary>
    /// <exception cref="InvariantException">The role has not reserved so much.</exception>
    public void Unreserve(int role, in Resources amount)
    {
        var own = _roles[role].Own;
        if (!amount.IsNonNegative || !amount.FitsInto(own.Reserved))
            throw new InvariantException($"role {PathOf(role)} cannot give up reservations of {amount}: it has {own.Reserved}");
        Change(_roles[role], Resources.None, Resources.None, Resources.None - amount, allocations: 0);
    }

    /// <summary>What a role and all below it were given.</summary>
    public Resources AllocatedTo(int role) => _roles[role].Allocated;

    /// <summary>What counts against the quota of a role: reservations, and what else was given, of the role and all below it.</summary>
    public Resources ConsumedBy(int role) => _roles[role].Consumed;

    /// <summary>How often a role and those below it were given something.</summary>
    public long AllocationsOf(int role) => _roles[role].Allocations;

    private Role Add(string path, Role? parent)
    {
        var role = new Role(_roles.Count, path, parent);
        _roles.Add(role);
        _byPath.Add(path, role);
        return role;
    }

    private void Change(Role role, in Resources amount, in Resources unreserved, in Resources reserved, int allocations)
    {
        var own = role.Own;
        role.Own = new(own.Allocated + amount, own.Unreserved + unreserved, own.Reserved + reserved, own.Allocations + allocations);
        var consumed = unreserved + reserved;
        var ofChild = Resources.None;
        for (var at = role; at is not null; at = at.Parent)
        {
            at.Allocated += amount;
            at.Consumed += consumed;
            at.Allocations += allocations;
            if (_quotas > 0) ofChild = at.Require(ofChild);
        }

        if (amount == Resources.None && allocations == 0) return;
        foreach (var order in _orders) order.Charged(role.Id);
    }

    /// <summary>What one role itself holds, without those below it.</summary>
    private readonly record struct Holding(Resources Allocated, Resources Unreserved, Resources Reserved, long Allocations);

    private sealed class Role(int id, string path, Role? parent)
    {
        public int Id { get; } = id;

        public string Path { get; } = path;

        public Role? Parent { get; } = parent;

        public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

        public double Weight { get; set; } = 1;

        public Quota? Quota { get; set; }

        public Resources Guarantee { get; set; }

        public Resources Limit { get; set; } = ResourceLimit.None.OrLargest;

        public Holding Own { get; set; }

        public Resources Allocated { get; set; }

        public long Allocations { get; set; }

        public Resources Consumed { get; set; }

        /// <summary>What must stay available for the role and all below it.</summary>
        public Resources Required { get; private set; }

        /// <summary>Sum of the children's <see cref="Required"/>.</summary>
        public Resources RequiredBelow { get; private set; }

        /// <summary>Brings the required headroom up to date; by how much it grew.</summary>
        public Resources Require(in Resources below)
        {
            var before = Required;
            RequiredBelow += below;
            Required = Amounts.Max(Amounts.Positive(Guarantee - Consumed), RequiredBelow);
            return Required - before;
        }
    }
}
