namespace OrleansScheduler.Client;

/// <summary>A quota, a weight, or both for a role.</summary>
public sealed record RoleChange
{
    /// <summary>What is kept available for the role. With this or <see cref="Limit"/> the quota is replaced as a whole.</summary>
    public Resources? Guarantee { get; init; }

    /// <summary>What the role never exceeds.</summary>
    public ResourceLimit? Limit { get; init; }

    /// <summary>What jobs of the preferred tier may ask for in all: cpu, memory and disk.</summary>
    public ResourceLimit? Production { get; init; }

    /// <summary>Its part among its siblings, above zero; null leaves it.</summary>
    public double? Weight { get; init; }

    /// <summary>Whether a quota below what is in use, or above what the cell has, is accepted.</summary>
    public bool Force { get; init; }
}
