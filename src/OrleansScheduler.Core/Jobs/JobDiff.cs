namespace OrleansScheduler.Core;

/// <summary>Says what differs between two specs, field by field, in the words of a job file.</summary>
public static class JobDiff
{
    /// <summary>The fields that differ, in the order of a job file; empty when the specs are equal.</summary>
    public static ImmutableArray<FieldChange> Between(JobSpec before, JobSpec after)
    {
        var (old, now) = (Fields(before), Fields(after));
        return [.. now.Keys.Union(old.Keys)
            .Select(path => new FieldChange(path, old.GetValueOrDefault(path), now.GetValueOrDefault(path)))
            .Where(change => change.Before != change.After)];
    }

    /// <summary>What differs between two versions of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="versions">Its versions that are kept, newest first.</param>
    /// <param name="from">The version that is compared; 0 for the one before <paramref name="to"/>.</param>
    /// <param name="to">The version that it is compared with; 0 for the one that the job is or is becoming.</param>
    public static Answer<JobDiffView> Between(JobKey job, ImmutableArray<VersionView> versions, int from, int to)
    {
        if (versions.IsEmpty) return Problem.NoSuchJob(job);
        var newer = versions.FirstOrDefault(version => to == 0 ? version.IsCurrent : version.Version == to);
        if (newer is null) return NoSuchVersion(job, versions, to);
        var older = from == 0
            ? versions.FirstOrDefault(version => version.Version < newer.Version) ?? newer
            : versions.FirstOrDefault(version => version.Version == from);
        if (older is null) return NoSuchVersion(job, versions, from);
        return new JobDiffView(job, older.Version, newer.Version, Between(older.Spec, newer.Spec));
    }

    /// <summary>The job has no such version, or has forgotten it.</summary>
    public static Problem NoSuchVersion(JobKey job, IEnumerable<int> kept, int version) => Problem.Of(
        ProblemKind.NotFound, "version-not-found",
        $"{job} has no version {version} that is still kept: it has {string.Join(", ", kept.Order())}.");

    private static Problem NoSuchVersion(JobKey job, ImmutableArray<VersionView> versions, int version) =>
        NoSuchVersion(job, versions.Select(kept => kept.Version), version);

    private static OrderedDictionary<string, string> Fields(JobSpec spec)
    {
        var fields = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        Collect(JobFileWriter.Write(spec), "", fields);
        return fields;
    }

    private static void Collect(JobFileNode node, string path, OrderedDictionary<string, string> fields)
    {
        switch (node)
        {
            case JobFileNode.Mapping mapping:
                foreach (var field in mapping.Fields) Collect(field.Value, JobFilePath.Join(path, field.Name), fields);
                break;
            case JobFileNode.Sequence { Items: var items } when !items.All(item => item is JobFileNode.Scalar):
                foreach (var (index, item) in items.Index()) Collect(item, $"{path}[{index}]", fields);
                break;
            default:
                fields.Add(path, JobFilePrinter.Inline(node));
                break;
        }
    }
}
