using System.Text.Json.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>What came of a job file: one receipt per document.</summary>
/// <param name="Jobs">In the order of the documents.</param>
internal sealed record SubmitReply(ImmutableArray<SubmitReceipt> Jobs);

/// <summary>A job file as it was understood: every default filled in.</summary>
/// <param name="Jobs">In the order of the documents.</param>
internal sealed record ValidateReply(ImmutableArray<JobSpec> Jobs);

/// <summary>How many instances a job is to have.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ScaleBody
{
    /// <summary>The new number of instances, 1 to 10,000.</summary>
    public required int Instances { get; init; }
}

/// <summary>Which instances a command is about.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record InstancesBody
{
    /// <summary>The instances; left out or empty for all of them.</summary>
    public ImmutableArray<int>? Instances { get; init; }

    /// <summary>What is wrong with them; null when nothing is.</summary>
    public static Problem? Check(InstancesBody? body)
    {
        var errors = (body?.Instances ?? [])
            .Select((instance, index) => (instance, index))
            .Where(item => item.instance is < 0 or >= JobLimits.MaxInstances)
            .Select(item => new FieldError(
                "out-of-range", $"instances[{item.index}]", $"Instance {item.instance} is not between 0 and {JobLimits.MaxInstances - 1}.",
                0, 0, 0))
            .ToImmutableArray();
        return errors.IsEmpty ? null : new(ProblemKind.Invalid, "invalid-instances", "Some of the instances cannot exist.", errors);
    }

    /// <summary>The instances in order, each once.</summary>
    public static ImmutableArray<int> Of(InstancesBody? body) => [.. (body?.Instances ?? []).Distinct().Order()];
}
