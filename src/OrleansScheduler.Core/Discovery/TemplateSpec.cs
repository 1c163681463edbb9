namespace OrleansScheduler.Core;

/// <summary>A file of the sandbox that says where services are, and says it anew when they move.</summary>
[GenerateSerializer, Immutable, Alias("osched.TemplateSpec")]
public sealed record TemplateSpec
{
    /// <summary>Signals that may follow a change.</summary>
    public static readonly ImmutableArray<string> Signals = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH"];

    /// <summary>Most of one task.</summary>
    public const int MaxCount = 16;

    /// <summary>Longest text, in characters.</summary>
    public const int MaxTextLength = 64 * 1024;

    /// <summary>Longest path, in characters.</summary>
    public const int MaxPathLength = 255;

    /// <summary>The file, below the sandbox.</summary>
    [Id(0)] public required string Path { get; init; }

    /// <summary>Its text, see <see cref="ServiceTemplate"/>.</summary>
    [Id(1)] public string Text { get; init; } = "";

    /// <summary>What the task's processes are sent after a change, such as <c>HUP</c>; null for nothing.</summary>
    [Id(2)] public string? Signal { get; init; }

    /// <summary>Whether a path lies below the sandbox, whatever is there.</summary>
    public static bool IsPath(string path) =>
        path.Length is > 0 and <= MaxPathLength && !path.Any(c => c is '\\' || char.IsControl(c))
        && path.Split('/').All(part => part is not ("" or "." or ".."));
}
