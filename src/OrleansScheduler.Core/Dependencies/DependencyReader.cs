namespace OrleansScheduler.Core;

/// <summary>Reads the <c>after:</c> of a job file: keys of jobs, or names of jobs of the same role and environment.</summary>
internal sealed class DependencyReader(JobFileErrors errors)
{
    public ImmutableArray<JobKey> Read(JobFileSection job, JobKey key)
    {
        var keys = ImmutableArray.CreateBuilder<JobKey>();
        foreach (var (path, node) in job.Items("after"))
        {
            var text = node is JobFileNode.Scalar { IsNull: false } scalar ? scalar.Text : "";
            if (JobKey.TryParse(text, out var other)) keys.Add(other);
            else if (JobKey.IsValidPart(text)) keys.Add(key with { Name = text });
            else
            {
                errors.Add(JobCode.DependencyKey, path,
                    $"{FieldWords.Show(text)} is not a job: write the name of one of the same role and environment, or role/env/name.",
                    node.At);
            }
        }

        return keys.DrainToImmutable();
    }

    /// <summary>The shortest form in which a job names another one.</summary>
    public static string Write(JobKey key, JobKey job) =>
        key.Role == job.Role && key.Environment == job.Environment ? key.Name : key.ToString();
}
