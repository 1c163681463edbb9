namespace OrleansScheduler.Core;

/// <summary>A part of a reserved pool.</summary>
/// <param name="Pool">The pool's number on its node.</param>
/// <param name="Amount">How much.</param>
[GenerateSerializer, Immutable, Alias("osched.PoolPart")]
public readonly record struct PoolPart([property: Id(0)] int Pool, [property: Id(1)] Resources Amount);

/// <summary>What was taken of a node, and from where.</summary>
/// <param name="Unreserved">Of its unreserved capacity.</param>
/// <param name="Revocable">Of its revocable capacity.</param>
/// <param name="Pools">Of its reserved pools, each at most once.</param>
[GenerateSerializer, Immutable, Alias("osched.Taken")]
public readonly record struct Taken(
    [property: Id(0)] Resources Unreserved, [property: Id(1)] Resources Revocable, [property: Id(2)] ImmutableArray<PoolPart> Pools)
{
    /// <summary>The pools; none also when they were never set.</summary>
    public ImmutableArray<PoolPart> PoolsOrEmpty => Pools.IsDefault ? [] : Pools;

    /// <summary>All of it together.</summary>
    public Resources Sum => Unreserved + Revocable + Reserved;

    /// <summary>What of it comes from pools.</summary>
    public Resources Reserved
    {
        get
        {
            var sum = Resources.None;
            foreach (var part in PoolsOrEmpty) sum += part.Amount;
            return sum;
        }
    }

    /// <summary>Whether it is nothing at all.</summary>
    public bool IsEmpty => Unreserved == Resources.None && Revocable == Resources.None && PoolsOrEmpty.IsEmpty;

    /// <summary>Whether every part is zero or more.</summary>
    public bool IsNonNegative
    {
        get
        {
            if (!Unreserved.IsNonNegative || !Revocable.IsNonNegative) return false;
            foreach (var part in PoolsOrEmpty)
            {
                if (!part.Amount.IsNonNegative) return false;
            }

            return true;
        }
    }

    /// <summary>How much of it comes from one pool.</summary>
    public Resources Of(int pool)
    {
        foreach (var part in PoolsOrEmpty)
        {
            if (part.Pool == pool) return part.Amount;
        }

        return Resources.None;
    }

    /// <summary>Whether every part of this is a part of <paramref name="whole"/>.</summary>
    public bool FitsInto(in Taken whole)
    {
        if (!Unreserved.FitsInto(whole.Unreserved) || !Revocable.FitsInto(whole.Revocable)) return false;
        foreach (var part in PoolsOrEmpty)
        {
            if (!part.Amount.FitsInto(whole.Of(part.Pool))) return false;
        }

        return true;
    }

    /// <summary>This without <paramref name="part"/>, which fits into it.</summary>
    public Taken Without(in Taken part)
    {
        var (unreserved, revocable) = (Unreserved - part.Unreserved, Revocable - part.Revocable);
        if (part.PoolsOrEmpty.IsEmpty) return this with { Unreserved = unreserved, Revocable = revocable };
        var pools = ImmutableArray.CreateBuilder<PoolPart>();
        foreach (var pool in PoolsOrEmpty)
        {
            var rest = pool.Amount - part.Of(pool.Pool);
            if (rest != Resources.None) pools.Add(new(pool.Pool, rest));
        }

        return new(unreserved, revocable, pools.DrainToImmutable());
    }

    /// <summary>This together with <paramref name="more"/>.</summary>
    public Taken With(in Taken more)
    {
        var (unreserved, revocable) = (Unreserved + more.Unreserved, Revocable + more.Revocable);
        if (more.PoolsOrEmpty.IsEmpty) return new(unreserved, revocable, PoolsOrEmpty);
        var pools = PoolsOrEmpty.ToBuilder();
        foreach (var part in more.Pools)
        {
            var at = 0;
            while (at < pools.Count && pools[at].Pool != part.Pool) at++;
            if (at == pools.Count) pools.Add(part);
            else pools[at] = new(part.Pool, pools[at].Amount + part.Amount);
        }

        return new(unreserved, revocable, pools.DrainToImmutable());
    }

    /// <inheritdoc/>
    public bool Equals(Taken other) =>
        Unreserved == other.Unreserved && Revocable == other.Revocable && PoolsOrEmpty.AsSpan().SequenceEqual(other.PoolsOrEmpty.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Unreserved, Revocable, PoolsOrEmpty.Length);
}
