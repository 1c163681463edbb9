namespace OrleansScheduler.Core;

/// <summary>A node as offers see it.</summary>
internal sealed class OfferNode(string id, int index)
{
    public string Id { get; } = id;

    public int Index { get; } = index;

    public NodeAmounts Amounts { get; set; } = null!;

    public OfferNodeFacts Facts { get; set; } = null!;

    /// <summary>Its capacity when <see cref="Facts"/> were told: filters end when that changes.</summary>
    public Resources Capacity { get; set; }

    public List<Loan> Loans { get; } = [];

    /// <summary>How many filters there are for it.</summary>
    public int Filters { get; set; }

    /// <summary>What every filter for it refuses at least.</summary>
    public Resources Refused { get; set; } = Unbounded;

    /// <summary>The least that was free since somebody's filters were last found to cover it.</summary>
    public (Resources Free, Resources Pools, Resources Revocable) Seen { get; set; }

    /// <summary>The round in which its shared pools were offered to somebody.</summary>
    public long SharedInRound { get; set; } = -1;

    public static Resources Unbounded => new(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue);

    public bool HasOnlyPlainAmounts => Amounts.Pools.Length == 0 && Amounts.RevocableCapacity == Resources.None;

    /// <summary>Whether it has something to offer; one with less than it runs has nothing.</summary>
    public bool Gives => Facts.TakesTasks && Amounts.Free.IsNonNegative;

    public (Resources Free, Resources Pools, Resources Revocable) Now()
    {
        var pools = Resources.None;
        foreach (var pool in Amounts.Pools) pools += pool.Free;
        return (Amounts.Free, pools, Amounts.RevocableFree);
    }

    /// <summary>Notes what is free while a filter covers it, so that more than that is noticed.</summary>
    public void See()
    {
        var now = Now();
        Seen = (Core.Amounts.Min(Seen.Free, now.Free), Core.Amounts.Min(Seen.Pools, now.Pools),
            Core.Amounts.Min(Seen.Revocable, now.Revocable));
    }

    /// <summary>Whether every filter for it covers all that is free.</summary>
    public bool IsRefused => HasOnlyPlainAmounts && Amounts.Free.FitsInto(Refused);

    /// <summary>Whether more may be free than a filter covered; from then on that is what was seen.</summary>
    public bool Grew()
    {
        var now = Now();
        var grew = !now.Free.FitsInto(Seen.Free) || !now.Pools.FitsInto(Seen.Pools) || !now.Revocable.FitsInto(Seen.Revocable);
        Seen = now;
        return grew;
    }
}

/// <summary>An offer that is out.</summary>
internal sealed class Loan(long id, OfferNode node, OfferClient client, DateTimeOffset? until)
{
    public long Id { get; } = id;

    public OfferNode Node { get; } = node;

    public OfferClient Client { get; } = client;

    /// <summary>Where it is among the client's.</summary>
    public int At { get; set; }

    public DateTimeOffset? Until { get; } = until;

    public Taken Parts { get; set; }

    /// <summary>What of it counts against quotas while it is out: nothing when others see the same.</summary>
    public Resources Unreserved { get; set; }

    /// <summary>Whether the node's capacity was taken for it.</summary>
    public bool IsHeld { get; init; }

    public Offer Describe() => new(Id, Node.Id, Client.Framework.Id, Client.RolePath, Parts, Until);
}
