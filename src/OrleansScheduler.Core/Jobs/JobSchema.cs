namespace OrleansScheduler.Core;

/// <summary>The JSON Schema (draft 2020-12) of a document of a job file, for editors and other tools. It says what a file may look like;
/// <see cref="JobRules"/> know more.</summary>
public static class JobSchema
{
    /// <summary>File name under which it is served and shipped.</summary>
    public const string Name = "job.v1.json";

    /// <summary>The schema.</summary>
    public static string Text { get; } = EmbeddedText.Read(Name);
}
