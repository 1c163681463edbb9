using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>Reads moments as people write them, whatever the machine's own zone is.</summary>
public static class MomentText
{
    /// <summary>What a moment looks like.</summary>
    public const string Rule = "a time such as 2026-03-29T00:00:00Z, 2026-03-29T01:00+01:00 or 2026-03-29, in UTC unless it says so";

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>The moment, between the years 1970 and 2400.</summary>
    public static bool TryRead(string text, out DateTimeOffset moment) =>
        DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment)
        && moment.UtcDateTime.Year is >= 1970 and <= 2400;
}
