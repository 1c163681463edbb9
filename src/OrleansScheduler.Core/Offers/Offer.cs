namespace OrleansScheduler.Core;

/// <summary>Capacity of a node, lent to a framework until it accepts or declines or the offer ends.</summary>
/// <param name="Id">Names the offer; later ones have larger numbers.</param>
/// <param name="Node">The node.</param>
/// <param name="Framework">Whom it is offered to.</param>
/// <param name="Role">For which of its roles.</param>
/// <param name="Parts">What is offered, and from where it comes.</param>
/// <param name="Until">When it ends by itself; null for never.</param>
[GenerateSerializer, Immutable, Alias("osched.Offer")]
public sealed record Offer(
    [property: Id(0)] long Id, [property: Id(1)] string Node, [property: Id(2)] string Framework, [property: Id(3)] string Role,
    [property: Id(4)] Taken Parts, [property: Id(5)] DateTimeOffset? Until)
{
    /// <summary>All that is offered.</summary>
    public Resources Amount => Parts.Sum;
}

/// <summary>What became of an accepted offer.</summary>
/// <param name="Node">The node.</param>
/// <param name="Role">The role.</param>
/// <param name="Used">What the framework holds there now.</param>
/// <param name="Returned">What went back.</param>
/// <param name="Rescinded">Offers of others that saw the same capacity and can not be accepted any more.</param>
public sealed record AcceptedOffer(string Node, string Role, Taken Used, Taken Returned, ImmutableArray<Offer> Rescinded);

/// <summary>What a framework wants offers cut to, in place of whole nodes.</summary>
/// <param name="Each">What one of its tasks needs.</param>
/// <param name="Count">How many of them it would start, offers that it holds included.</param>
[GenerateSerializer, Immutable, Alias("osched.OfferDemand")]
public readonly record struct OfferDemand([property: Id(0)] Resources Each, [property: Id(1)] int Count);

/// <summary>What offers are decided by, besides what nodes have.</summary>
[GenerateSerializer, Immutable, Alias("osched.OfferNodeFacts")]
public sealed record OfferNodeFacts
{
    /// <summary>Stands for <see cref="Host"/> in constraints.</summary>
    public const string HostName = "$hostname";

    /// <summary>Stands for <see cref="Region"/> in constraints.</summary>
    public const string RegionName = "$region";

    /// <summary>Stands for <see cref="Zone"/> in constraints.</summary>
    public const string ZoneName = "$zone";

    /// <summary>Facts that constraints are checked against.</summary>
    [Id(0)]
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Attributes { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Under which name it is reached.</summary>
    [Id(1)] public string Host { get; init; } = "";

    /// <summary>Where it is; empty when nobody said.</summary>
    [Id(2)] public string Region { get; init; } = "";

    /// <summary>Where in the region.</summary>
    [Id(3)] public string Zone { get; init; } = "";

    /// <summary>Whether it may get tasks.</summary>
    [Id(4)] public bool TakesTasks { get; init; } = true;

    /// <summary>An attribute's values; none when it is not there.</summary>
    public ImmutableArray<string> ValuesOf(string attribute) => attribute switch
    {
        HostName => Host.Length == 0 ? [] : [Host],
        RegionName => Region.Length == 0 ? [] : [Region],
        ZoneName => Zone.Length == 0 ? [] : [Zone],
        _ => Attributes.GetValueOrDefault(attribute, []),
    };
}

/// <summary>How offers are made.</summary>
public sealed record OfferOptions
{
    /// <summary>How far apart rounds are; a filter lives so long at least.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>When an offer ends by itself; null for never.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What an offer must contain to be worth making: one of these amounts.</summary>
    public ImmutableArray<Resources> SmallestOffers { get; init; } = [new(10, 0, 0, 0), new(0, 32, 0, 0)];

    /// <summary>Whether nodes with GPUs are kept for frameworks that can use them.</summary>
    public bool KeepGpuNodes { get; init; } = true;

    /// <summary>Where the cell is; empty when its nodes are not told apart.</summary>
    public string Region { get; init; } = "";

    /// <summary>
    /// How many frameworks may see the same capacity at once. With one, an offer holds what it offers. With more, nothing is held: whoever
    /// accepts first gets it and the others are told.
    /// </summary>
    public int Viewers { get; init; } = 1;
}

/// <summary>For how long a framework does not want what it declines.</summary>
public static class Refusal
{
    /// <summary>What holds when it does not say, or says something without sense.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(5);

    /// <summary>Nobody refuses for longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(365);

    /// <summary>Mesos' rule for <c>refuse_seconds</c>: zero is no filter at all.</summary>
    public static TimeSpan Of(double? seconds) => seconds switch
    {
        null or < 0 or double.NaN => Default,
        var given when given >= Longest.TotalSeconds => Longest,
        var given => TimeSpan.FromSeconds(given.Value),
    };
}
