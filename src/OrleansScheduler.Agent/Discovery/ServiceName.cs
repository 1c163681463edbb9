using System.Globalization;

namespace OrleansScheduler.Agent;

/// <summary>What a name in the zone means: <c>_PORT._tcp.N.NAME.ENV.ROLE.osched</c>, without what is not meant.</summary>
/// <param name="Keys">The service, in the letters that were asked for, and in small ones where those are others.</param>
/// <param name="Instance">One instance of it; null for all.</param>
/// <param name="Port">One of its ports; null when none is named.</param>
/// <param name="Base">The name of the service itself.</param>
internal sealed record ServiceName(ImmutableArray<JobKey> Keys, int? Instance, string? Port, ImmutableArray<string> Base)
{
    /// <summary>The zone, as its one label.</summary>
    public const string Zone = "osched";

    private const string Tcp = "_tcp";
    private const int LongestLabel = 63;
    private const int LongestName = 255;

    /// <summary>Whether a name lies in the zone.</summary>
    public static bool IsInZone(ImmutableArray<string> labels) =>
        labels is [.., var last] && last.Equals(Zone, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a name in the zone; null when it can be the name of no service.</summary>
    /// <remarks>The dots of a role are dots of the name. Other parts that have dots need them within one label.</remarks>
    public static ServiceName? Read(ImmutableArray<string> labels)
    {
        var rest = labels.AsSpan(..^1);
        string? port = null;
        if (rest.Length > 1 && rest[1].Equals(Tcp, StringComparison.OrdinalIgnoreCase))
        {
            if (rest[0] is not ['_', .. { Length: > 0 } name]) return null;
            port = name;
            rest = rest[2..];
        }

        int? instance = null;
        if (rest.Length > 3 && InstanceOf(rest[0]) is { } number)
        {
            instance = number;
            rest = rest[1..];
        }

        if (rest.Length < 3) return null;
        var role = string.Join('.', rest[2..].ToArray());
        ImmutableArray<JobKey> keys =
            [new(role, rest[1], rest[0]), new(role.ToLowerInvariant(), rest[1].ToLowerInvariant(), rest[0].ToLowerInvariant())];
        if (!JobKey.TryParse(keys[0].ToString(), out _)) return null;
        return new([.. keys.Distinct()], instance, port, [.. rest, labels[^1]]);
    }

    /// <summary>The name of one instance; null when it would be longer than names may be.</summary>
    public ImmutableArray<string>? Of(int instance)
    {
        ImmutableArray<string> name = [instance.ToString(CultureInfo.InvariantCulture), .. Base];
        return name.Sum(label => label.Length + 1) + 1 <= LongestName && name.All(label => label.Length <= LongestLabel) ? name : null;
    }

    private static int? InstanceOf(string label) =>
        int.TryParse(label, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < JobLimits.MaxInstances
        && label == number.ToString(CultureInfo.InvariantCulture) ? number : null;
}
