namespace OrleansScheduler.Core;

/// <summary>Instances of one version.</summary>
/// <param name="Version">The version.</param>
/// <param name="Instances">Its instances.</param>
[GenerateSerializer, Immutable, Alias("osched.VersionGroup")]
public sealed record VersionGroup([property: Id(0)] int Version, [property: Id(1)] InstanceSet Instances)
{
    /// <summary>Groups of all who are there, by version.</summary>
    /// <param name="members">Each instance with its version, in order of the instances.</param>
    public static ImmutableArray<VersionGroup> Of(IEnumerable<(int Instance, int Version)> members)
    {
        var groups = new SortedDictionary<int, List<InstanceRange>>();
        foreach (var (instance, version) in members)
        {
            if (!groups.TryGetValue(version, out var ranges)) groups[version] = ranges = [];
            if (ranges.Count > 0 && ranges[^1].Last == instance - 1) ranges[^1] = ranges[^1] with { Last = instance };
            else ranges.Add(new(instance, instance));
        }

        return [.. groups.Select(group => new VersionGroup(group.Key, InstanceSet.Of(group.Value)))];
    }
}
