using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>Reads and writes quantities as people write them: <c>0.5</c>, <c>500m</c>, <c>256MiB</c>, <c>15s</c>. Exact: nothing is rounded silently.</summary>
public static class Units
{
    private static readonly (string Suffix, long MiB)[] Sizes = [("TiB", 1024 * 1024), ("GiB", 1024), ("MiB", 1)];

    /// <summary>Thousandths as a decimal number: 500 is <c>0.5</c>.</summary>
    public static string FormatMillis(long millis) => (millis / 1000m).ToString("0.###", CultureInfo.InvariantCulture);

    /// <summary>MiB in the largest unit that keeps it whole: 2048 is <c>2GiB</c>.</summary>
    public static string FormatMiB(long miB)
    {
        foreach (var (suffix, factor) in Sizes)
        {
            if (miB != 0 && miB % factor == 0) return $"{miB / factor}{suffix}";
        }

        return $"{miB}MiB";
    }
}
