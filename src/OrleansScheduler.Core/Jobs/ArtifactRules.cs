namespace OrleansScheduler.Core;

/// <summary>The rules that the artifacts of a task must keep.</summary>
public static class ArtifactRules
{
    private const string ChecksumPrefix = "sha256:";
    private const int ChecksumDigits = 64;

    /// <summary>The digest that is expected, as lower-case hex; null when there is none or it is not one.</summary>
    public static string? DigestOf(ArtifactSpec artifact) =>
        artifact.Checksum is { } text && text.StartsWith(ChecksumPrefix, StringComparison.Ordinal)
        && text.Length == ChecksumPrefix.Length + ChecksumDigits && text.Skip(ChecksumPrefix.Length).All(char.IsAsciiHexDigit)
            ? text[ChecksumPrefix.Length..].ToLowerInvariant() : null;

    /// <summary>Where it comes from; null when that is not an address that can be fetched.</summary>
    public static Uri? SourceOf(ArtifactSpec artifact) =>
        Uri.TryCreate(artifact.Source, UriKind.Absolute, out var url) && url.UserInfo.Length == 0
        && (url.Scheme is "http" or "https"
            || (url is { Scheme: "file", Host.Length: 0 } && artifact.Source.StartsWith("file:///", StringComparison.Ordinal)))
            ? url : null;

    /// <summary>Path of the file in the sandbox, or of the directory that an archive is unpacked into; null when there is none.</summary>
    public static string? DestOf(ArtifactSpec artifact)
    {
        if (artifact.Dest is { } dest) return IsInside(dest) ? dest : null;
        if (artifact.Extract) return ".";
        var name = SourceOf(artifact) is { } url ? Uri.UnescapeDataString(url.AbsolutePath.Split('/')[^1]) : "";
        return name is "." or ".." || !IsInside(name) || name.Contains('/', StringComparison.Ordinal) ? null : name;
    }

    /// <summary>Whether a path stays below where it starts, whatever lies there: no root, no <c>..</c>.</summary>
    public static bool IsInside(string path) =>
        path.Length is > 0 and <= JobLimits.MaxTextLength && path[0] != '/' && !path.Contains('\0', StringComparison.Ordinal)
        && !path.Split('/').Contains("..", StringComparer.Ordinal);

    /// <summary>Permissions of a file; null when they are not any.</summary>
    public static UnixFileMode? ModeOf(ArtifactSpec artifact)
    {
        var text = artifact.Mode ?? "0644";
        var digits = text is ['0', _, _, _] ? text[1..] : text;
        return digits.Length == 3 && digits.All(c => c is >= '0' and <= '7')
            ? (UnixFileMode)digits.Aggregate(0, (mode, digit) => (mode * 8) + (digit - '0')) : null;
    }

    internal static void Check(ImmutableArray<ArtifactSpec> artifacts, string path, JobFindings findings)
    {
        if (artifacts.Length > JobLimits.MaxArtifacts)
        {
            findings.Add(JobCode.AboveMaximum, path,
                $"A task has at most {JobLimits.MaxArtifacts} artifacts; put several into an archive.");
            return;
        }

        for (var i = 0; i < artifacts.Length; i++) Check(artifacts[i], $"{path}[{i}]", findings);
    }

    private static void Check(ArtifactSpec artifact, string path, JobFindings findings)
    {
        findings.CheckText(artifact.Source, $"{path}.source");
        findings.CheckLength(artifact.Source, $"{path}.source");
        if (SourceOf(artifact) is null)
            findings.Add(JobCode.ArtifactSource, $"{path}.source",
                $"{FieldWords.Show(artifact.Source)} cannot be fetched; write an address such as https://host/app.tar.gz or "
                    + "file:///srv/app.tar.gz, without a user or password in it.");
        if (artifact.Checksum is { } checksum && DigestOf(artifact) is null)
            findings.Add(JobCode.ArtifactChecksum, $"{path}.checksum",
                $"{FieldWords.Show(checksum)} is not a digest; write sha256: and {ChecksumDigits} hexadecimal digits, "
                    + "as sha256sum prints.");
        if (artifact.Dest is { } dest)
        {
            findings.CheckText(dest, $"{path}.dest");
            if (!IsInside(dest))
                findings.Add(JobCode.ArtifactDest, $"{path}.dest",
                    $"{FieldWords.Show(dest)} is not a path in the sandbox: it does not start with '/' and has no '..' in it.");
        }
        else if (SourceOf(artifact) is not null && DestOf(artifact) is null)
        {
            findings.Add(JobCode.ArtifactDest, $"{path}.dest", "The source has no name for the file; write where it goes.");
        }

        if (artifact.Mode is not { } mode) return;
        if (artifact.Extract)
            findings.Add(JobCode.ArtifactMode, $"{path}.mode",
                "The files of an archive have the permissions that stand in it; leave this out.");
        else if (ModeOf(artifact) is null)
            findings.Add(JobCode.ArtifactMode, $"{path}.mode", $"{FieldWords.Show(mode)} is not a mode; write one such as \"0755\".");
    }
}
