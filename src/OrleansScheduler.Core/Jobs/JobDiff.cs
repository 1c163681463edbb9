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
