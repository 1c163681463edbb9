namespace OrleansScheduler.Core;

/// <summary>
/// What a node has and what of it is free: unreserved, in pools reserved for roles, and revocable. Reserved capacity is taken from what is
/// unreserved; revocable capacity is on top of both.
/// </summary>
/// <remarks>
/// Without pools and revocable capacity it is two amounts and takes no memory beyond them. When a node shrinks below what it runs,
/// <see cref="Free"/> is negative: nothing new fits, and what is there stays.
/// </remarks>
public sealed class NodeAmounts
{
    private ReservedPool[] _pools = [];
    private int _nextPool;

    /// <summary>All of the node but what is revocable.</summary>
    public Resources Capacity { get; private set; }

    /// <summary>What is neither reserved nor in use; negative when the node has less than it runs.</summary>
    public Resources Free { get; private set; }

    /// <summary>What may be lent against being taken away at any time.</summary>
    public Resources RevocableCapacity { get; private set; }

    /// <summary>What of that is not in use; negative when there is less of it than runs on it.</summary>
    public Resources RevocableFree { get; private set; }

    /// <summary>The reserved pools: those of deeper roles first, so that what few may use is used before what many may.</summary>
    public ReadOnlySpan<ReservedPool> Pools => _pools;

    /// <summary>Sum of the pools.</summary>
    public Resources Reserved
    {
        get
        {
            var sum = Resources.None;
            foreach (var pool in _pools) sum += pool.Capacity;
            return sum;
        }
    }

    /// <summary>Sets what the node has. What is reserved or in use stays so.</summary>
    public void SetCapacity(in Resources capacity, in Resources revocable = default)
    {
        Free += capacity - Capacity;
        Capacity = capacity;
        RevocableFree += revocable - RevocableCapacity;
        RevocableCapacity = revocable;
    }

    /// <summary>The pool with that number; null when there is none.</summary>
    public ReservedPool? FindPool(int id)
    {
        foreach (var pool in _pools)
        {
            if (pool.Id == id) return pool;
        }

        return null;
    }

    /// <summary>Whether <see cref="TryTake(RoleTree, int, in Resources, bool, out Taken)"/> would succeed.</summary>
    public bool Fits(RoleTree roles, int role, in Resources request, bool revocable) =>
        _pools.Length == 0 && !revocable
            ? request.IsNonNegative && request.FitsInto(Free)
            : TryChoose(roles, role, request, revocable, out _);

    /// <summary>
    /// Takes a request for a role: from the pools of the role and of those above it, deepest first, then from what is unreserved.
    /// </summary>
    /// <param name="roles">The roles.</param>
    /// <param name="role">For whom.</param>
    /// <param name="request">How much.</param>
    /// <param name="revocable">
    /// Whether to take revocable capacity, in every dimension in which the node has any and in that of cores at least. Such a request uses
    /// no pools: what may be taken away needs no reservation.
    /// </param>
    /// <param name="taken">From where it was taken, for <see cref="Return"/>.</param>
    public bool TryTake(RoleTree roles, int role, in Resources request, bool revocable, out Taken taken)
    {
        if (_pools.Length == 0 && !revocable)
        {
            taken = default;
            if (!request.IsNonNegative || !request.FitsInto(Free)) return false;
            Free -= request;
            taken = new(request, Resources.None, []);
            return true;
        }

        if (!TryChoose(roles, role, request, revocable, out taken)) return false;
        Take(taken);
        return true;
    }

    /// <summary>Takes exactly these parts, or nothing.</summary>
    public bool TryTake(in Taken parts)
    {
        if (!Has(parts)) return false;
        Take(parts);
        return true;
    }

    /// <summary>
    /// Takes a request whether or not so much is free: what was given out before, or is promised and about to become free. What pools do
    /// not have comes from what is unreserved, which may then be less than nothing.
    /// </summary>
    public Taken Force(RoleTree roles, int role, in Resources request, bool revocable)
    {
        if (TryTake(roles, role, request, revocable, out var taken)) return taken;
        var rest = request;
        ImmutableArray<PoolPart>.Builder? parts = null;
        if (revocable)
        {
            var has = RevocableCapacity;
            var lent = new Resources(
                request.CpuMillis, has.MemoryMiB > 0 ? request.MemoryMiB : 0,
                has.DiskMiB > 0 ? request.DiskMiB : 0, has.GpuMillis > 0 ? request.GpuMillis : 0);
            taken = new(request - lent, lent, []);
        }
        else
        {
            foreach (var pool in _pools)
            {
                if (!roles.IsSelfOrDescendant(role, pool.Role)) continue;
                var part = Amounts.Min(rest, Amounts.Positive(pool.Free));
                if (part == Resources.None || !pool.CanGive(part)) continue;
                (parts ??= ImmutableArray.CreateBuilder<PoolPart>()).Add(new(pool.Id, part));
                rest -= part;
            }

            taken = new(rest, Resources.None, parts?.DrainToImmutable() ?? []);
        }

        Take(taken);
        return taken;
    }

    /// <summary>A copy that goes its own way.</summary>
    public NodeAmounts Clone() => new()
    {
        _pools = [.. _pools.Select(p => p.Clone())],
        _nextPool = _nextPool,
        Capacity = Capacity,
        Free = Free,
        RevocableCapacity = RevocableCapacity,
        RevocableFree = RevocableFree,
    };

    /// <summary>Whether exactly these parts are free.</summary>
    public bool Has(in Taken parts)
    {
        if (!parts.IsNonNegative || !FitsFree(parts.Unreserved, Free) || !FitsFree(parts.Revocable, RevocableFree)) return false;
        foreach (var part in parts.PoolsOrEmpty)
        {
            if (FindPool(part.Pool) is not { } pool || !pool.CanGive(part.Amount)) return false;
        }

        return true;
    }

    /// <summary>Gives back what was taken.</summary>
    /// <exception cref="InvariantException">More is given back than was taken.</exception>
    public void Return(in Taken parts)
    {
        Free += parts.Unreserved;
        RevocableFree += parts.Revocable;
        foreach (var part in parts.PoolsOrEmpty)
        {
            if (FindPool(part.Pool) is not { } pool || !pool.TryReturn(part.Amount))
                throw new InvariantException($"pool {part.Pool} gets back {part.Amount}, more than was taken from it");
        }
    }

    /// <summary>Whether some pool of a role, of itself and not of those above it, has something to give.</summary>
    public bool HasOfferable(int role)
    {
        foreach (var pool in _pools)
        {
            if (pool.Role == role && pool.Offerable != Resources.None) return true;
        }

        return false;
    }

    /// <summary>What of some parts is not reserved for a role, and so counts against quotas when it is given.</summary>
    public Resources UnreservedOf(in Taken parts)
    {
        var sum = parts.Unreserved;
        foreach (var part in parts.PoolsOrEmpty)
        {
            if (FindPool(part.Pool) is { Role: 0 }) sum += part.Amount;
        }

        return sum;
    }

    /// <summary>Reserves free capacity for a role; more of the same kind makes the pool larger.</summary>
    /// <param name="roles">The roles.</param>
    /// <param name="role">For whom; the root for capacity that is nobody's and indivisible.</param>
    /// <param name="amount">How much.</param>
    /// <param name="traits">What kind of pool.</param>
    /// <param name="refines">The pool to take it from, of a role above; -1 for unreserved capacity.</param>
    /// <param name="tag">Keeps pools apart that are equal otherwise (Mesos' principal and labels, a volume's id).</param>
    /// <returns>The pool's number.</returns>
    public Answer<int> Reserve(
        RoleTree roles, int role, in Resources amount, PoolTraits traits = PoolTraits.None, int refines = -1, string tag = "")
    {
        var ofNobody = role == 0 && refines < 0 && traits.HasFlag(PoolTraits.Indivisible);
        if (role < 0 || role >= roles.Count || roles.PathOf(role) == RolePath.Default || (role == 0 && !ofNobody))
        {
            return Problem.Of(ProblemKind.Invalid, "reservation-without-role",
                "A reservation is for a role, and not for the default role.");
        }

        if (!amount.IsNonNegative || amount == Resources.None)
        {
            return Problem.Of(ProblemKind.Invalid, "reservation-not-positive",
                $"A reservation is for more than nothing, not for {amount}.");
        }

        if (refines >= 0)
        {
            if (FindPool(refines) is not { } source) return NoSuchPool(refines);
            if (source.Role == role || !roles.IsSelfOrDescendant(role, source.Role))
            {
                return Problem.Of(ProblemKind.Invalid, "reservation-not-refined",
                    $"A reservation of {roles.PathOf(source.Role)} can be refined for a role below it, not for {roles.PathOf(role)}.");
            }

            if (!source.TryShrink(amount)) return Taken(amount, source.Free);
        }
        else
        {
            if (!amount.FitsInto(Free)) return Taken(amount, Free);
            Free -= amount;
        }

        return Grow(roles, new(_nextPool, role, traits, refines, tag), amount);

        static Problem Taken(in Resources amount, in Resources free) =>
            Problem.Of(ProblemKind.Conflict, "reservation-does-not-fit", $"{amount} cannot be reserved: {free} is free.");
    }

    /// <summary>Gives free capacity of a pool back to where it was reserved from.</summary>
    /// <param name="roles">The roles.</param>
    /// <param name="pool">The pool's number.</param>
    /// <param name="amount">How much.</param>
    /// <param name="force">Whether a static pool may shrink too: only an agent may say so.</param>
    /// <returns>The role that has it now: -1 when it is unreserved.</returns>
    public Answer<int> Unreserve(RoleTree roles, int pool, in Resources amount, bool force = false)
    {
        if (FindPool(pool) is not { } found) return NoSuchPool(pool);
        if (found.Traits.HasFlag(PoolTraits.Static) && !force)
            return Problem.Of(ProblemKind.Invalid, "reservation-is-static", "A static reservation is changed on the node's agent.");
        if (found.Traits.HasFlag(PoolTraits.Indivisible) && amount != found.Capacity)
            return Problem.Of(ProblemKind.Invalid, "reservation-is-indivisible", "This reservation is given up as a whole.");
        if (!amount.IsNonNegative || !found.TryShrink(amount))
        {
            return Problem.Of(ProblemKind.Conflict, "reservation-in-use",
                $"{amount} cannot be unreserved for {roles.PathOf(found.Role)}: {found.Free} of the reservation is free.");
        }

        var source = found.Refines < 0 ? null : FindPool(found.Refines);
        if (source is null) Free += amount;
        else source.Grow(amount);
        _pools = [.. _pools.Where(p => p.Capacity != Resources.None || _pools.Any(q => q.Refines == p.Id))];
        return source?.Role ?? -1;
    }

    private static Problem NoSuchPool(int pool) =>
        Problem.Of(ProblemKind.NotFound, "reservation-not-found", $"The node has no reservation {pool}.");

    private static bool FitsFree(in Resources amount, in Resources free) => amount == Resources.None || amount.FitsInto(free);

    /// <summary>Whether there is enough in every dimension in which something is asked for.</summary>
    internal static bool HasAsked(in Resources amount, in Resources free)
    {
        return Has(amount.CpuMillis, free.CpuMillis) && Has(amount.MemoryMiB, free.MemoryMiB)
            && Has(amount.DiskMiB, free.DiskMiB) && Has(amount.GpuMillis, free.GpuMillis);

        static bool Has(long asked, long there) => asked <= 0 || asked <= there;
    }

    private int Grow(RoleTree roles, ReservedPool pool, in Resources amount)
    {
        foreach (var same in _pools)
        {
            if (!same.IsLike(pool) || pool.Traits.HasFlag(PoolTraits.Indivisible)) continue;
            same.Grow(amount);
            return same.Id;
        }

        pool.Grow(amount);
        _nextPool++;
        _pools = [.. _pools.Append(pool).OrderByDescending(p => roles.DepthOf(p.Role)).ThenBy(p => p.Id)];
        return pool.Id;
    }

    private void Take(in Taken parts)
    {
        Free -= parts.Unreserved;
        RevocableFree -= parts.Revocable;
        foreach (var part in parts.PoolsOrEmpty) FindPool(part.Pool)!.Take(part.Amount);
    }

    /// <summary>From where a request would be taken.</summary>
    internal bool TryChoose(RoleTree roles, int role, in Resources request, bool revocable, out Taken taken)
    {
        taken = default;
        if (!request.IsNonNegative) return false;
        if (revocable)
        {
            var has = RevocableCapacity;
            var lent = new Resources(
                request.CpuMillis, has.MemoryMiB > 0 ? request.MemoryMiB : 0,
                has.DiskMiB > 0 ? request.DiskMiB : 0, has.GpuMillis > 0 ? request.GpuMillis : 0);
            taken = new(request - lent, lent, []);
            return HasAsked(taken.Unreserved, Free) && HasAsked(lent, RevocableFree);
        }

        // A node with less than it runs gets nothing new, not even what is reserved: there is nothing behind the reservation.
        if (!Free.IsNonNegative) return false;
        var rest = request;
        ImmutableArray<PoolPart>.Builder? parts = null;
        foreach (var pool in _pools)
        {
            if (rest == Resources.None) break;
            if (!roles.IsSelfOrDescendant(role, pool.Role)) continue;
            var part = Amounts.Min(rest, Amounts.Positive(pool.Free));
            if (part == Resources.None || !pool.CanGive(part)) continue;
            (parts ??= ImmutableArray.CreateBuilder<PoolPart>()).Add(new(pool.Id, part));
            rest -= part;
        }

        if (!HasAsked(rest, Free)) return false;
        taken = new(rest, Resources.None, parts?.DrainToImmutable() ?? []);
        return true;
    }
}
