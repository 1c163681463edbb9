using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>Ports that may be given to tasks.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many from there on.</param>
internal readonly record struct PortRange(int First, int Count)
{
    /// <summary>Reads <c>first-last</c>; false when it is anything else.</summary>
    public static bool TryParse(string text, out PortRange range)
    {
        range = default;
        var parts = text.Split('-', StringSplitOptions.TrimEntries);
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            || first < 1 || last < first || last > 65535) return false;
        range = new(first, last - first + 1);
        return true;
    }
}
