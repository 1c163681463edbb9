using System.Globalization;

namespace OrleansScheduler.Shim;

/// <summary>
/// Names of the files that hold a stream of output. Each is named by the place in the whole stream at which it begins, so that a reader
/// goes on where it was, whatever was removed meanwhile.
/// </summary>
internal static class LogSegments
{
    /// <summary>The file of a stream that begins at a place.</summary>
    public static string PathOf(string directory, string stream, long start) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{stream}.{start}"));

    /// <summary>Where the files of a stream begin, the oldest first; empty when there are none.</summary>
    public static ImmutableArray<long> StartsOf(string directory, string stream)
    {
        if (!Directory.Exists(directory)) return [];
        var starts = ImmutableArray.CreateBuilder<long>();
        foreach (var path in Directory.EnumerateFiles(directory, stream + ".*"))
        {
            var name = Path.GetFileName(path.AsSpan());
            if (long.TryParse(name[(stream.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var start))
                starts.Add(start);
        }

        starts.Sort();
        return starts.DrainToImmutable();
    }
}
