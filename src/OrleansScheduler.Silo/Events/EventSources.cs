namespace OrleansScheduler.Silo;

/// <summary>
/// Which events of each silo a feed has: what comes twice is taken once, and what is left out is noticed. A silo may also be lost before
/// its first event has come, so that the membership says of whom something could be missing.
/// </summary>
internal sealed class EventSources
{
    private readonly Dictionary<string, long> _next = new(StringComparer.Ordinal);

    /// <summary>Silos from which nothing is expected any more: they have said so, or it is known that they are lost.</summary>
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);

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
        if (isLast) Finish(silo);
        else _next[silo] = end;
        return (Math.Max(0, first - next), (int)Math.Clamp(next - first, 0, count));
    }

    /// <summary>Finds those that are lost since the last time.</summary>
    /// <param name="members">The silos that the cell knows of, lost ones among them.</param>
    /// <param name="isLost">Whether one is; also asked of those that nobody knows of any more.</param>
    /// <returns>Those of which something may be missing, because they have not said that nothing follows.</returns>
    public ImmutableArray<string> Lost(IReadOnlySet<string> members, Func<string, bool> isLost)
    {
        ImmutableArray<string> lost = [.. members.Union(_next.Keys).Where(silo => !_done.Contains(silo) && isLost(silo))];
        foreach (var silo in lost) Finish(silo);
        _done.IntersectWith(members);
        return lost;
    }

    private void Finish(string silo)
    {
        _next.Remove(silo);
        _done.Add(silo);
    }
}
