namespace OrleansScheduler.Core;

/// <content>Roles and reservations as users see and change them.</content>
public sealed partial class Ledger
{
    /// <summary>What operators have set aside, by node and role.</summary>
    public IEnumerable<LedgerEvent.NodeReserved> NodeReservations() =>
        from node in Known()
        from reserved in node.Reserved
        select new LedgerEvent.NodeReserved(node.Id, reserved.Key, reserved.Value);

    /// <summary>Quotas and weights that were set.</summary>
    public IEnumerable<LedgerEvent.RoleChanged> RoleSettings()
    {
        for (var role = 1; role < _roles.Count; role++)
        {
            if (_roles.QuotaOf(role) is not null || _roles.WeightOf(role) != 1)
                yield return new LedgerEvent.RoleChanged(_roles.PathOf(role), _roles.QuotaOf(role), _roles.WeightOf(role));
        }
    }

    /// <summary>All roles that have or want something, or were given a quota or a weight, in order of their paths.</summary>
    public ImmutableArray<RoleView> DescribeRoles()
    {
        var waiting = WaitingByRole();
        return [.. Enumerable.Range(1, _roles.Count - 1).Select(r => Describe(r, waiting[r])).Where(IsWorthALine)
            .OrderBy(r => r.Role, StringComparer.Ordinal)];
    }

    /// <summary>One role; null when the ledger has never heard of it.</summary>
    public RoleView? DescribeRole(string path) => _roles.Find(path) is > 0 and var role ? Describe(role, WaitingByRole()[role]) : null;

    /// <summary>Attempts that a role waits for itself, without the roles below it.</summary>
    public int WaitingOf(string path) =>
        _roles.Find(path) is > 0 and var role && _demand.TryGetValue(role, out var demand) ? Waiting(demand) : 0;

    /// <summary>Why a job may not want so much more; null when it may. Whoever wants less than before always may.</summary>
    public Problem? CheckDemand(JobKey key, ImmutableArray<Demand> demands)
    {
        var before = _jobs.TryGetValue(key, out var job) ? job.Groups.Sum(g => g.Waiting) : 0;
        var more = demands.Sum(d => d.Attempts.Count(a => job?.Holding.ContainsKey(a) != true)) - before;
        if (more <= 0) return null;
        if (Pending + more > _options.MaxWaiting) return Full("the cell", Pending, _options.MaxWaiting);
        if (Pending + more <= _options.MaxWaitingPerRole) return null;
        var role = RolePath.OfJobRole(key.Role);
        var waiting = WaitingOf(role);
        return waiting + more > _options.MaxWaitingPerRole ? Full($"role {role}", waiting, _options.MaxWaitingPerRole) : null;

        Problem Full(string who, int waiting, int limit) => Problem.Of(ProblemKind.Conflict, "too-many-waiting",
            $"{more} more instances of {key} cannot be taken in: {waiting} of {who} wait for nodes already and {limit} may.");
    }

    /// <summary>What stands against setting something of a node aside for a role or giving it back; else the event that does it.</summary>
    /// <param name="id">The node.</param>
    /// <param name="path">The role.</param>
    /// <param name="amount">How much more, or less.</param>
    /// <param name="release">Whether it is given back.</param>
    public Answer<LedgerEvent.NodeReserved> CheckReserve(string id, string path, Resources amount, bool release)
    {
        if (!RolePath.IsValid(path) || path == RolePath.Default)
            return Problem.Of(ProblemKind.Invalid, "role-invalid", $"'{path}' cannot be a role with reservations: {RolePath.Rule}.");
        if (!amount.IsNonNegative || amount == Resources.None)
            return Problem.Of(ProblemKind.Invalid, "reservation-not-positive",
                $"A reservation is for more than nothing, not for {amount}.");
        if (!_nodes.TryGetValue(id, out var node)) return Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {id}.");
        var role = _roles.GetOrAdd(path);
        var has = node.Reserved.GetValueOrDefault(path);
        if (release)
        {
            var unused = Resources.None;
            foreach (var pool in node.Amounts.Pools)
            {
                if (pool.Role == role && !pool.Traits.HasFlag(PoolTraits.Static)) unused += Amounts.Positive(pool.Free);
            }

            return amount.FitsInto(Amounts.Min(has, unused))
                ? new LedgerEvent.NodeReserved(id, path, has - amount)
                : Problem.Of(ProblemKind.Conflict, "reservation-in-use",
                    $"{amount} of {id} cannot be given back: {has} is reserved for {path} and {unused} of that is unused.");
        }

        var free = Amounts.Positive(node.Amounts.Free);
        if (!amount.FitsInto(free))
        {
            return Problem.Of(ProblemKind.Conflict, "reservation-does-not-fit",
                $"{amount} of {id} cannot be reserved for {path}: {free} is free there.");
        }

        if (_roles.Admit(role, amount) is { IsAllowed: false } refused)
        {
            var (code, subject) = Blocked(refused);
            return Problem.Of(ProblemKind.Conflict, code,
                $"{amount} of {id} cannot be reserved for {path}: {Reasons.Describe(code, subject)}"
                    + $" ({refused.Dimension}: needs {refused.Need}, has {refused.Have}).");
        }

        return new LedgerEvent.NodeReserved(id, path, has + amount);
    }

    private RoleView Describe(int role, int waiting) => new()
    {
        Role = _roles.PathOf(role),
        Weight = _roles.WeightOf(role),
        Quota = _roles.QuotaOf(role),
        Allocated = _roles.AllocatedTo(role),
        Consumed = _roles.ConsumedBy(role),
        Share = _roles.ShareOf(role),
        Waiting = waiting,
        Warning = Doubt(role),
    };

    private string? Doubt(int role)
    {
        if (_roles.QuotaOf(role) is not { } quota) return null;
        if (!_roles.ConsumedBy(role).FitsInto(quota.Limit.OrLargest))
            return $"{_roles.PathOf(role)} uses {_roles.ConsumedBy(role)}, more than its limit in some dimension.";
        var (needs, has) = (_roles.RequiredHeadroom, Amounts.Positive(_roles.AvailableHeadroom));
        return _roles.UnsatisfiedGuaranteeOf(role) == Resources.None || needs.FitsInto(has)
            ? null
            : $"Guarantees that are not used up need {needs}, and {has} is there.";
    }

    private static bool IsWorthALine(RoleView role) =>
        role.Quota is not null || role.Weight != 1 || role.Waiting > 0 || role.Allocated != Resources.None
            || role.Consumed != Resources.None;

    /// <summary>Attempts that wait by role, those of the roles below it included.</summary>
    private int[] WaitingByRole()
    {
        var waiting = new int[_roles.Count];
        foreach (var (role, demand) in _demand) waiting[role] += Waiting(demand);
        foreach (var preemption in _preemptions.Values) waiting[_jobs[preemption.Job].Role]++;

        // A parent is always added before its children, so it comes after them here.
        for (var role = waiting.Length - 1; role > 0; role--) waiting[_roles.ParentOf(role)] += waiting[role];
        return waiting;
    }

    private static int Waiting(RoleDemand demand) => demand.Queues.Values.Sum(q => q.Groups.Sum(g => g.Waiting));
}
