namespace OrleansScheduler.Core;

/// <summary>A framework with its roles.</summary>
internal sealed class OfferFramework(FrameworkDescription description)
{
    public string Id { get; } = description.Id;

    public FrameworkDescription Description { get; set; } = description;

    public bool Active { get; set; } = true;

    /// <summary>In order of roles.</summary>
    public SortedDictionary<string, OfferClient> Clients { get; } = new(StringComparer.Ordinal);
}

/// <summary>A framework in one of its roles: what offers are made to.</summary>
internal sealed class OfferClient(OfferFramework framework, string rolePath, OfferRole role) : Contender(0, framework.Id)
{
    public OfferFramework Framework { get; } = framework;

    public string RolePath { get; } = rolePath;

    public OfferRole Role { get; } = role;

    /// <summary>Whether the framework gave the role up; what it holds there is still its own.</summary>
    public bool HasLeft { get; set; }

    public bool Suppressed { get; set; }

    public OfferDemand? Demand { get; set; }

    /// <summary>Offers and what was accepted.</summary>
    public Resources Allocated { get; set; }

    /// <summary>Its offers that are out, in no order.</summary>
    public List<Loan> Loans { get; } = [];

    /// <summary>Sum of those.</summary>
    public Resources Offered { get; set; }

    public ImmutableArray<Resources>? SmallestOffers { get; set; }

    public NodeConstraints? Constraints { get; set; }

    /// <summary>Nodes that are not for it, whatever they have; null for none.</summary>
    public NodeSet? Excluded { get; set; }

    /// <summary>Nodes of which its filters cover all that it could be offered now.</summary>
    public NodeSet Covered { get; } = new();

    /// <summary>Nodes for which it has filters.</summary>
    public NodeSet Filtered { get; } = new();

    /// <summary>Nodes that it has seen in this stage of the round.</summary>
    public NodeSet Tried { get; } = new();

    public bool HasTried { get; set; }

    /// <summary>Nodes of which it has an offer that others may see too.</summary>
    public NodeSet Viewed { get; } = new();

    public Dictionary<int, OfferFilter> Filters { get; } = [];

    public bool WantsOffers => Framework.Active && !Suppressed;
}

/// <summary>What a framework does not want of a node for a while. There may be several for one node.</summary>
internal sealed class OfferFilter(Taken refused, DateTimeOffset until, OfferFilter? next)
{
    public Taken Refused { get; } = refused;

    public DateTimeOffset Until { get; } = until;

    public OfferFilter? Next { get; set; } = next;

    public bool IsGone { get; set; }
}

/// <summary>A role with the frameworks in it.</summary>
internal sealed class OfferRole(int id)
{
    public int Id { get; } = id;

    /// <summary>Those that want offers.</summary>
    public ShareHeap Waiting { get; } = new();

    /// <summary>Nodes with pools that the role may use, in this round.</summary>
    public List<NodeSet> Pools { get; } = [];
}
