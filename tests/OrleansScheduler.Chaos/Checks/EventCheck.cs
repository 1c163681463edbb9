namespace OrleansScheduler.Chaos;

/// <summary>S22: who follows the feed gets each event once and in order, or is told that some are missing.</summary>
internal static class EventCheck
{
    /// <summary>Stands where the cell has said that events are missing.</summary>
    public const string Gap = "gap";

    /// <summary>A cursor is the name of a feed and a number in it. A feed that begins anew has another name.</summary>
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence) => (
        evidence.Cursors.Count(cursor => cursor != Gap),
        from pair in evidence.Cursors.Zip(evidence.Cursors.Skip(1))
        where pair.First != Gap && pair.Second != Gap && Next(pair.First) != pair.Second
        select $"{pair.Second} came behind {pair.First}");

    private static string Next(string cursor)
    {
        var dash = cursor.LastIndexOf('-');
        return $"{cursor[..dash]}-{long.Parse(cursor.AsSpan(dash + 1), CultureInfo.InvariantCulture) + 1}";
    }
}
