namespace OrleansScheduler.Agent;

/// <summary>Reads what the settings say about a node that no look at the machine could tell. What cannot be read is left out.</summary>
internal static class DeclaredResources
{
    /// <summary>Whether both the role and the amounts can be read.</summary>
    public static bool IsReservation(KeyValuePair<string, string> reservation) =>
        RoleText.TryRead(reservation.Key, out _) && ResourceText.Parse(reservation.Value).Problem is null;

    /// <summary>What is set aside, by role path.</summary>
    public static ImmutableSortedDictionary<string, Resources> Reserved(AgentOptions options)
    {
        var reserved = ImmutableSortedDictionary.CreateBuilder<string, Resources>(StringComparer.Ordinal);
        foreach (var (text, amounts) in options.Reserved.Where(IsReservation))
        {
            RoleText.TryRead(text, out var role);
            reserved[role] = ResourceText.ToResources(ResourceText.Parse(amounts).Value);
        }

        return reserved.ToImmutable();
    }

    /// <summary>What the system keeps of what is found.</summary>
    public static Resources System(AgentOptions options) =>
        options.System.Length > 0 && ResourceText.Parse(options.System) is { Problem: null, Value: var kept }
            ? ResourceText.ToResources(kept)
            : default;

    /// <summary>Custom amounts and sets.</summary>
    public static CustomCapacity Custom(AgentOptions options) => new()
    {
        Scalars = options.Custom.Where(amount => Amount.Millis(amount.Value) is not null)
            .ToImmutableSortedDictionary(amount => amount.Key, amount => Amount.Millis(amount.Value)!.Value, StringComparer.Ordinal),
        Sets = options.Sets.ToImmutableSortedDictionary(
            set => set.Key, set => set.Value.Split(',', StringSplitOptions.TrimEntries).ToImmutableArray(), StringComparer.Ordinal),
    };
}
