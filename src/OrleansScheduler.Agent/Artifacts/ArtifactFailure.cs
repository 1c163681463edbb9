namespace OrleansScheduler.Agent;

/// <summary>Words for artifacts that cannot be had. Each begins with a code that stays the same, so that programs can tell them
/// apart.</summary>
internal static class ArtifactFailure
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>The source without what may be a secret in its query.</summary>
    public static string NameOf(ArtifactSpec artifact) =>
        ArtifactRules.SourceOf(artifact) is { } url ? url.GetLeftPart(UriPartial.Path) : "the source";

    public static TaskStartException NotFound(string what) => Of("artifact-not-found", what);

    public static TaskStartException Refused(string what) => Of("artifact-refused", what);

    public static TaskStartException Unreachable(string what) => Of("artifact-unreachable", what);

    public static TaskStartException NotAllowed(string what) => Of("artifact-not-allowed", what);

    public static TaskStartException WrongChecksum(string what) => Of("artifact-wrong-checksum", what);

    public static TaskStartException TooLarge(string what) => Of("artifact-too-large", what);

    public static TaskStartException Bomb(string what) => Of("artifact-bomb", what);

    public static TaskStartException Outside(string entry, string why) =>
        Of("artifact-outside-sandbox", $"The entry '{Shown(entry)}' is refused: {why}.");

    public static TaskStartException BadArchive(string what) => Of("artifact-bad-archive", what);

    /// <summary>What the file system said while files were written.</summary>
    public static TaskStartException Of(IOException e) => e.HResult is NoSpace or QuotaExceeded
        ? Of("artifact-disk-full", "The node's disk has no room for it.")
        : Of("artifact-not-written", e.Message);

    public static TaskStartException NotWritten(string what) => Of("artifact-not-written", what);

    private static TaskStartException Of(string code, string what) => new($"{code}: {what}");

    private static string Shown(string text) =>
        string.Concat(text.Take(200).Select(c => char.IsControl(c) ? '?' : c));
}
