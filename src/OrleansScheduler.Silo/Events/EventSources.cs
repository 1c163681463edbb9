namespace OrleansScheduler.Silo;

/// <summary>Which events of each silo a feed has: what comes twice is taken once, and what is left out is noticed.</summary>
internal sealed class EventSources
{
    private readonly Dictionary<string, long> _next = new(StringComparer.Ordinal);

    /// <summary>Takes events.</summary>
    /// <param name="silo">Whose they are.</param>
    /// <param name="first">Number of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="isLast">Whether nothing follows.</param>
    /// <returns>How many before them never came, and how many of them did before.</returns>
    public (long Missing, int Known) Take(string silo, long first, int count, bool isLast)
    {
        // What a feed has missed that did not exist yet, its readers know of by their cursors.
        var next = _next.TryGetValue(silo, out var known) ? known : first;
        var end = Math.Max(next, first + count);
        if (isLast) _next.Remove(silo);
        else _next[silo] = end;
        return (Math.Max(0, first - next), (int)Math.Clamp(next - first, 0, count));
    }

    /// <summary>Forgets silos from which nothing comes any more; answers those that have not said so themselves.</summary>
    public ImmutableArray<string> Forget(Func<string, bool> isGone)
    {
        ImmutableArray<string> gone = [.. _next.Keys.Where(isGone)];
        foreach (var silo in gone) _next.Remove(silo);
        return gone;
    }
}
