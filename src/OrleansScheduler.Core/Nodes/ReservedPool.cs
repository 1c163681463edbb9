namespace OrleansScheduler.Core;

/// <summary>What kind of pool.</summary>
[Flags]
public enum PoolTraits
{
    /// <summary>Reserved at run time, divisible, for one at a time.</summary>
    None = 0,

    /// <summary>Set on the node's agent; stays until that says otherwise.</summary>
    Static = 1,

    /// <summary>Given as a whole or not at all, such as a mounted disk.</summary>
    Indivisible = 2,

    /// <summary>Used by many at once, each of whom has all of it, such as a shared volume.</summary>
    Shared = 4,
}

/// <summary>Capacity of a node that is reserved for a role and those below it.</summary>
/// <param name="id">Names it on its node.</param>
/// <param name="role">Whose it is.</param>
/// <param name="traits">What kind.</param>
/// <param name="refines">The pool, of a role above, that it was cut from; -1 when it was unreserved.</param>
/// <param name="tag">Keeps it apart from pools that are equal otherwise.</param>
public sealed class ReservedPool(int id, int role, PoolTraits traits, int refines, string tag)
{
    private int _holders;

    /// <summary>Names it on its node.</summary>
    public int Id { get; } = id;

    /// <summary>Whose it is.</summary>
    public int Role { get; } = role;

    /// <summary>What kind.</summary>
    public PoolTraits Traits { get; } = traits;

    /// <summary>The pool, of a role above, that it was cut from; -1 when it was unreserved.</summary>
    public int Refines { get; } = refines;

    /// <summary>Keeps it apart from pools that are equal otherwise.</summary>
    public string Tag { get; } = tag;

    /// <summary>How much is reserved.</summary>
    public Resources Capacity { get; private set; }

    /// <summary>What of that is not in use; of a shared pool, all while nobody uses it.</summary>
    public Resources Free { get; private set; }

    /// <summary>What of it can be given to somebody more.</summary>
    public Resources Offerable
    {
        get
        {
            if (Traits.HasFlag(PoolTraits.Shared)) return Capacity;
            return Traits.HasFlag(PoolTraits.Indivisible) && Free != Capacity ? Resources.None : Amounts.Positive(Free);
        }
    }

    /// <summary>Whether somebody may be given so much of it.</summary>
    public bool CanGive(in Resources amount)
    {
        if (Traits.HasFlag(PoolTraits.Shared)) return amount == Capacity;
        return Traits.HasFlag(PoolTraits.Indivisible) ? amount == Capacity && Free == Capacity : amount.FitsInto(Free);
    }

    internal ReservedPool Clone() =>
        new(Id, Role, Traits, Refines, Tag) { Capacity = Capacity, Free = Free, _holders = _holders };

    internal bool IsLike(ReservedPool other) =>
        Role == other.Role && Traits == other.Traits && Refines == other.Refines && Tag == other.Tag;

    internal void Grow(in Resources amount)
    {
        Capacity += amount;
        Free += amount;
    }

    internal bool TryShrink(in Resources amount)
    {
        if (!amount.FitsInto(Free)) return false;
        Capacity -= amount;
        Free -= amount;
        return true;
    }

    internal void Take(in Resources amount)
    {
        if (!Traits.HasFlag(PoolTraits.Shared)) Free -= amount;
        else if (_holders++ == 0) Free = Resources.None;
    }

    internal bool TryReturn(in Resources amount)
    {
        if (Traits.HasFlag(PoolTraits.Shared))
        {
            if (_holders == 0) return false;
            if (--_holders == 0) Free = Capacity;
            return true;
        }

        if (!(Free + amount).FitsInto(Capacity)) return false;
        Free += amount;
        return true;
    }
}
