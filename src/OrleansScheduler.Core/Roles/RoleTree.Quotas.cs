namespace OrleansScheduler.Core;

/// <content>Who may be given how much.</content>
/// <remarks>
/// Of every role, <c>required = max(0, guarantee - consumed, sum of required of the children)</c> must stay available. So a guarantee
/// holds at every level: of a parent against other parents, of a child against its siblings. Where more is guaranteed than there is, a
/// role may still use its own guarantee, and nobody may make the shortfall of others worse.
/// </remarks>
public sealed partial class RoleTree
{
    private static readonly Resources Largest = new(Quota.Largest, Quota.Largest, Quota.Largest, Quota.Largest);

    /// <summary>Sets what a role may use at least and at most; null lets it use what is there.</summary>
    /// <exception cref="ArgumentException">The numbers make no sense (<see cref="Quota.Check"/>).</exception>
    public void SetQuota(int role, Quota? quota)
    {
        if (quota?.Check() is { } problem) throw new ArgumentException(problem.Message, nameof(quota));
        var changed = _roles[role];
        _quotas += (quota is null ? 0 : 1) - (changed.Quota is null ? 0 : 1);
        changed.Quota = quota;
        changed.Guarantee = quota?.Guarantee ?? Resources.None;
        changed.Limit = (quota?.Limit ?? ResourceLimit.None).OrLargest;
        var ofChild = Resources.None;
        for (var at = changed; at is not null; at = at.Parent) ofChild = at.Require(ofChild);
    }

    /// <summary>A role's quota; null when it has none.</summary>
    public Quota? QuotaOf(int role) => _roles[role].Quota;

    /// <summary>What must stay available for the guarantees of a role and all below it.</summary>
    public Resources RequiredBy(int role) => _roles[role].Required;

    /// <summary>What a role may still be given before it has what is guaranteed to it.</summary>
    public Resources UnsatisfiedGuaranteeOf(int role) => Amounts.Positive(_roles[role].Guarantee - _roles[role].Consumed);

    /// <summary>
    /// What is wrong with new quotas, all taken together. Those of kind <see cref="ProblemKind.Conflict"/> are warnings for whoever insists
    /// (as Mesos' <c>force</c>): a limit below what is in use stops the role from getting more, and where more is guaranteed than there is
    /// nobody but those with guarantees gets anything.
    /// </summary>
    public ImmutableArray<Problem> CheckQuotas(ReadOnlySpan<(int Role, Quota? Quota)> quotas)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var after = new Quota?[Count];
        for (var i = 0; i < after.Length; i++) after[i] = _roles[i].Quota;
        foreach (var (role, quota) in quotas)
        {
            if (role < 0 || role >= Count)
            {
                problems.Add(Problem.Of(ProblemKind.NotFound, "role-not-found", "There is no such role."));
                continue;
            }

            after[role] = quota;
            if (quota?.Check() is { } problem) problems.Add(problem);
            else if (quota is not null && !_roles[role].Consumed.FitsInto(quota.Limit.OrLargest))
            {
                problems.Add(Conflict("quota-below-use",
                    $"{PathOf(role)} uses {ConsumedBy(role)}, more than the new limit in some dimension."));
            }
        }

        if (problems.Any(p => p.Kind != ProblemKind.Conflict)) return problems.ToImmutable();
        var guaranteed = GuaranteedAfter(after);
        for (var i = 1; i < after.Length; i++)
        {
            if (after[i] is { } quota && !guaranteed[i].FitsInto(quota.Limit.OrLargest))
            {
                problems.Add(Conflict("quota-guarantees-above-limit",
                    $"Below {PathOf(i)}, {guaranteed[i]} is guaranteed: more than its limit."));
            }
        }

        if (!guaranteed[0].FitsInto(Total))
            problems.Add(Conflict("quota-guarantees-above-capacity", $"{guaranteed[0]} would be guaranteed and the cell has {Total}."));
        return problems.ToImmutable();

        static Problem Conflict(string code, string message) => Problem.Of(ProblemKind.Conflict, code, message);
    }

    /// <summary>Whether a role may be given so much more that is not reserved, and what stands in the way.</summary>
    public Admission Admit(int role, in Resources unreserved)
    {
        if (role < 0 || role >= Count) return new(AdmissionKind.UnknownRole, role, Dimension.Cpu, unreserved.CpuMillis, 0);
        var allowed = Walk(_roles[role], unreserved, out _);
        if (allowed == unreserved) return default;
        for (var dimension = Dimension.Cpu; dimension <= Dimension.Gpu; dimension++)
        {
            if (allowed.In(dimension) == unreserved.In(dimension)) continue;
            _ = Walk(_roles[role], unreserved, out var blocked, dimension);
            return blocked;
        }

        throw new InvariantException("amounts that differ are the same in every dimension");
    }

    /// <summary>How much of <paramref name="wanted"/> a role may be given; each dimension by itself, never below zero.</summary>
    public Resources AllowanceOf(int role, in Resources wanted) =>
        role < 0 || role >= Count ? Resources.None : Walk(_roles[role], Amounts.Positive(wanted), out _);

    /// <summary>What each role guarantees with all below it.</summary>
    private Resources[] GuaranteedAfter(Quota?[] quotas)
    {
        var below = new Resources[Count];
        for (var i = Count - 1; i >= 0; i--)
        {
            below[i] = Amounts.Max(below[i], quotas[i]?.Guarantee ?? Resources.None);

            // A parent is always added before its children, so it comes after them here.
            if (_roles[i].Parent is { } parent) below[parent.Id] += below[i];
        }

        return below;
    }

    /// <summary>
    /// From the role to the root: how much may be given, as far as limits and the guarantees of others allow. With a dimension, also who
    /// is the first to stand in the way there.
    /// </summary>
    private Resources Walk(Role role, in Resources asked, out Admission blocked, Dimension? explain = null)
    {
        blocked = default;
        if (_quotas == 0) return asked;

        // No sum below leaves the range of 64 bits, whatever is asked for.
        var wanted = Amounts.Min(asked, Largest);
        var allowed = wanted;

        // By how much the required headroom changes at the level below, as if all that is wanted were given.
        var ofChild = Resources.None;
        for (var at = role; at is not null; at = at.Parent)
        {
            var room = Amounts.Positive(at.Limit - Amounts.Positive(at.Consumed));
            Lower(ref allowed, room, AdmissionKind.Limit, at.Id, wanted, explain, ref blocked);
            var below = at.RequiredBelow + ofChild;
            var required = Amounts.Max(Amounts.Positive(at.Guarantee - at.Consumed - wanted), below);

            // Within a limit, what is guaranteed further down needs its part of what is left.
            if (at.Quota is not null && (below != Resources.None || at.RequiredBelow != Resources.None))
            {
                var most = wanted - Excess(wanted, at.RequiredBelow, below, room);
                Lower(ref allowed, most, AdmissionKind.Headroom, at.Id, wanted, explain, ref blocked);
            }

            ofChild = required - at.Required;
            if (at.Parent is null && (required != Resources.None || at.Required != Resources.None))
            {
                var most = wanted - Excess(wanted, at.Required, required, AvailableHeadroom);
                Lower(ref allowed, most, AdmissionKind.Headroom, at.Id, wanted, explain, ref blocked);
            }
        }

        return allowed;
    }

    private static void Lower(
        ref Resources allowed, in Resources most, AdmissionKind kind, int role, in Resources wanted,
        Dimension? explain, ref Admission blocked)
    {
        if (explain is { } dimension && blocked.IsAllowed && most.In(dimension) < wanted.In(dimension))
            blocked = new(kind, role, dimension, wanted.In(dimension), most.In(dimension));
        allowed = new(
            wanted.CpuMillis <= 0 ? allowed.CpuMillis : Math.Min(allowed.CpuMillis, most.CpuMillis),
            wanted.MemoryMiB <= 0 ? allowed.MemoryMiB : Math.Min(allowed.MemoryMiB, most.MemoryMiB),
            wanted.DiskMiB <= 0 ? allowed.DiskMiB : Math.Min(allowed.DiskMiB, most.DiskMiB),
            wanted.GpuMillis <= 0 ? allowed.GpuMillis : Math.Min(allowed.GpuMillis, most.GpuMillis));
    }

    /// <summary>
    /// By how much guarantees would be short of room more than they are. Giving one unit more makes it worse by one or by none, so this is
    /// also how much too much is wanted.
    /// </summary>
    private static Resources Excess(in Resources wanted, in Resources before, in Resources after, in Resources room) => new(
        Excess(wanted.CpuMillis, before.CpuMillis, after.CpuMillis, room.CpuMillis),
        Excess(wanted.MemoryMiB, before.MemoryMiB, after.MemoryMiB, room.MemoryMiB),
        Excess(wanted.DiskMiB, before.DiskMiB, after.DiskMiB, room.DiskMiB),
        Excess(wanted.GpuMillis, before.GpuMillis, after.GpuMillis, room.GpuMillis));

    private static long Excess(long wanted, long before, long after, long room)
    {
        // Where nothing is guaranteed, nothing is short: a cell whose nodes shrank below what they run is no matter of quotas.
        if (wanted <= 0 || after <= 0) return 0;
        var shortBefore = before <= 0 ? 0 : Math.Max(0, before - room);
        return Math.Max(0, after - room + wanted - shortBefore);
    }
}
