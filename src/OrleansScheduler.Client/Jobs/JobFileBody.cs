namespace OrleansScheduler.Client;

/// <summary>A job file as it is sent.</summary>
/// <param name="Content">The file's bytes, UTF-8.</param>
/// <param name="MediaType"><c>application/yaml</c> or <c>application/json</c>.</param>
public sealed record JobFileBody(ReadOnlyMemory<byte> Content, string MediaType)
{
    /// <summary>Values of parameters that the file declares, instead of those in it.</summary>
    public ImmutableSortedDictionary<string, string> Parameters { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>A file of this name: JSON when it ends in <c>.json</c>, else YAML.</summary>
    public static JobFileBody Of(string fileName, ReadOnlyMemory<byte> content) =>
        new(content, fileName.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? "application/json" : "application/yaml");
}

/// <summary>What came of a job file: one receipt per document.</summary>
/// <param name="Jobs">The receipts, in the order of the documents.</param>
public sealed record SubmitAnswer(ImmutableArray<SubmitReceipt> Jobs);

/// <summary>What a job file says, defaults filled in.</summary>
/// <param name="Jobs">The jobs, in the order of the documents.</param>
public sealed record ValidateAnswer(ImmutableArray<JobSpec> Jobs);
