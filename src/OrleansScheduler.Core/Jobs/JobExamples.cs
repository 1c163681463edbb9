namespace OrleansScheduler.Core;

/// <summary>Job files to start from; the demo runs them as they are.</summary>
public static class JobExamples
{
    private const string Prefix = "examples/";
    private const string Suffix = ".yaml";

    /// <summary>A web service of three instances.</summary>
    public const string Service = "service";

    /// <summary>The same service with another configuration.</summary>
    public const string NextService = "service-v2";

    /// <summary>A batch job of 200 short commands, some of which fail once.</summary>
    public const string Batch = "batch";

    /// <summary>A cron job that runs twice a minute.</summary>
    public const string Cron = "cron";

    /// <summary>Names of all examples, in alphabetical order.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        .. EmbeddedText.Names
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of an example, a commented YAML job file; null when there is none of that name.</summary>
    public static string? Read(string name) => Names.Contains(name) ? EmbeddedText.Read($"{Prefix}{name}{Suffix}") : null;
}
