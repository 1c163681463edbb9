namespace OrleansScheduler.Gateway;

/// <summary>One page of a list that is all there, in the order of its keys.</summary>
internal static class ListPage
{
    /// <summary>At most <paramref name="count"/> items whose keys come behind <paramref name="after"/>.</summary>
    public static Page<T> Of<T>(IEnumerable<T> items, Func<T, string> key, string? after, int count)
    {
        var behind = items.Where(item => after is null || string.CompareOrdinal(key(item), after) > 0)
            .OrderBy(key, StringComparer.Ordinal).Take(count + 1).ToImmutableArray();
        return behind.Length > count ? new(behind[..count], PageToken.Of(key(behind[count - 1]))) : new(behind, Next: null);
    }
}
