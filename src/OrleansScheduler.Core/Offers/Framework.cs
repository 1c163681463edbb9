namespace OrleansScheduler.Core;

/// <summary>What a framework can deal with; what it cannot is not offered to it.</summary>
[Flags]
public enum FrameworkCapabilities
{
    /// <summary>Nothing beyond the ordinary.</summary>
    None = 0,

    /// <summary>Capacity that may be taken away again.</summary>
    RevocableResources = 1,

    /// <summary>Volumes that several use at once.</summary>
    SharedResources = 2,

    /// <summary>Nodes with GPUs.</summary>
    GpuResources = 4,

    /// <summary>Nodes in other regions than the cell's.</summary>
    RegionAware = 8,

    /// <summary>Reservations cut from reservations.</summary>
    ReservationRefinement = 16,

    /// <summary>Several roles, or none.</summary>
    MultiRole = 32,
}

/// <summary>How an attribute of a node is tested.</summary>
public enum AttributeTest
{
    /// <summary>The node has it.</summary>
    Exists,

    /// <summary>The node does not have it.</summary>
    NotExists,

    /// <summary>It has exactly this value.</summary>
    Equals,

    /// <summary>It does not have this value, or is not there.</summary>
    NotEquals,

    /// <summary>A value matches the expression as a whole.</summary>
    Matches,

    /// <summary>No value matches the expression, or it is not there.</summary>
    NotMatches,
}

/// <summary>One condition on a node.</summary>
/// <param name="Attribute">The attribute; <see cref="OfferNodeFacts.HostName"/> and the like for what is no attribute.</param>
/// <param name="Test">How it is tested.</param>
/// <param name="Value">Against what.</param>
[GenerateSerializer, Immutable, Alias("osched.AttributeConstraint")]
public sealed record AttributeConstraint(
    [property: Id(0)] string Attribute, [property: Id(1)] AttributeTest Test, [property: Id(2)] string Value = "");

/// <summary>A framework as it subscribes.</summary>
[GenerateSerializer, Immutable, Alias("osched.FrameworkDescription")]
public sealed record FrameworkDescription
{
    /// <summary>Names it.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The roles it wants offers for.</summary>
    [Id(1)] public required ImmutableArray<string> Roles { get; init; }

    /// <summary>Those of them for which it wants none now.</summary>
    [Id(2)] public ImmutableArray<string> SuppressedRoles { get; init; } = [];

    /// <summary>What it can deal with.</summary>
    [Id(3)] public FrameworkCapabilities Capabilities { get; init; }

    /// <summary>
    /// By role, what an offer must contain to be worth making: one of these amounts. None at all accepts anything; a role that is not in
    /// here has the cell's rule.
    /// </summary>
    [Id(4)]
    public ImmutableSortedDictionary<string, ImmutableArray<Resources>> SmallestOffers { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<Resources>>.Empty;

    /// <summary>By role, which nodes it wants: those that satisfy every condition of one of the groups.</summary>
    [Id(5)]
    public ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<AttributeConstraint>>> Constraints { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<ImmutableArray<AttributeConstraint>>>.Empty;

    /// <summary>Whether it has a capability.</summary>
    public bool Has(FrameworkCapabilities capability) => (Capabilities & capability) == capability;

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public Problem? Check()
    {
        if (string.IsNullOrEmpty(Id)) return Invalid("framework-without-id", "A framework has an id.");
        if (!Has(FrameworkCapabilities.MultiRole) && Roles.Length != 1)
            return Invalid("framework-roles", $"Without MULTI_ROLE a framework has one role, not {Roles.Length}.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var role in Roles)
        {
            if (!RolePath.IsValid(role)) return Invalid("role-invalid", $"'{role}' is not a role: expected {RolePath.Rule}.");
            if (!seen.Add(role)) return Invalid("framework-roles", $"The role '{role}' is named twice.");
        }

        foreach (var role in SuppressedRoles.Concat(SmallestOffers.Keys).Concat(Constraints.Keys))
        {
            if (!seen.Contains(role)) return Invalid("role-not-subscribed", $"'{role}' is not one of the framework's roles.");
        }

        if (SmallestOffers.Values.Any(amounts => amounts.Any(a => !a.IsNonNegative)))
            return Invalid("smallest-offer-negative", "The smallest offer is zero or more in every dimension.");
        foreach (var constraint in Constraints.Values.SelectMany(groups => groups.SelectMany(group => group)))
        {
            if (!NodeConstraints.CanRead(constraint))
                return Invalid("constraint-invalid", $"'{constraint.Value}' is not an expression that can be matched in linear time.");
        }

        return null;
    }

    private static Problem Invalid(string code, string message) => Problem.Of(ProblemKind.Invalid, code, message);
}
