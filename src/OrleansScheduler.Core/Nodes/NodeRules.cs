namespace OrleansScheduler.Core;

/// <summary>The rules of what a node may say about itself: its agent keeps them, and whoever believes it checks them again.</summary>
public static class NodeRules
{
    /// <summary>Most roles that one node sets something aside for.</summary>
    public const int MaxReservations = 64;

    /// <summary>Most items of one set.</summary>
    public const int MaxItems = 1000;

    /// <summary>Most that cpu and memory may be promised, as a multiple of what there is.</summary>
    public const double MaxOvercommit = 100;

    /// <summary>What a name of a custom resource or of a set looks like, in words for people.</summary>
    public static string CustomNameRule { get; } =
        $"{JobKey.PartRule}, and not {string.Join(", ", JobFields.Sections[JobFields.Resources])}";

    /// <summary>Whether a custom resource or a set may have this name.</summary>
    public static bool IsCustomName(string name) => JobKey.IsValidPart(name) && !JobFields.Sections[JobFields.Resources].Contains(name);

    /// <summary>The rule that static reservations break, in words; null when they keep all.</summary>
    public static string? CheckReserved(ImmutableSortedDictionary<string, Resources> reserved)
    {
        if (reserved.Count > MaxReservations) return $"at most {MaxReservations} roles";
        foreach (var (role, amount) in reserved)
        {
            if (!RolePath.IsValid(role)) return $"each role is a path: {RolePath.Rule}";
            if (amount == Resources.None || !amount.IsNonNegative || !amount.FitsInto(Largest))
                return "each role has something, and every amount is at least 0 and at most 2^50";
        }

        return null;
    }

    /// <summary>The rule that custom resources break, in words; null when they keep all.</summary>
    public static string? CheckCustom(CustomCapacity custom)
    {
        if (custom.Scalars.Count > JobLimits.MaxCustom || custom.Sets.Count > JobLimits.MaxCustom)
            return $"at most {JobLimits.MaxCustom} amounts and {JobLimits.MaxCustom} sets";
        if (!custom.Scalars.Keys.Concat(custom.Sets.Keys).All(IsCustomName)) return $"each name is {CustomNameRule}";
        if (custom.Scalars.Values.Any(amount => amount is < 1 or > Quota.Largest)) return "each amount is above 0 and at most 2^50";
        return custom.Sets.Values.All(AreItems) ? null : $"each set has 1 to {MaxItems} items, all different, each {JobKey.PartRule}";
    }

    /// <summary>Whether cpu and memory may be promised so many times over.</summary>
    public static bool IsOvercommit(double factor) => factor is >= 1 and <= MaxOvercommit;

    private static Resources Largest => new(Quota.Largest, Quota.Largest, Quota.Largest, Quota.Largest);

    private static bool AreItems(ImmutableArray<string> items) =>
        items.Length is > 0 and <= MaxItems && items.All(JobKey.IsValidPart)
            && items.Distinct(StringComparer.Ordinal).Count() == items.Length;
}
