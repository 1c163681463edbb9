using System.Buffers;
using System.Text.RegularExpressions;

namespace OrleansScheduler.Core;

/// <summary>What the <c>image:</c> of a task names: one that an engine knows or pulls, or one in a file or directory of the node.</summary>
/// <param name="Text">As it stands in the job file.</param>
/// <param name="Path">The archive's or layout's absolute path; null for a name in a registry.</param>
/// <param name="Digest">The digest that it must have, as <c>sha256:hex</c>; null when any will do.</param>
public sealed partial record ImageName(string Text, string? Path, string? Digest)
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private static readonly string[] Kinds = ["oci-archive:", "docker-archive:", "oci:"];

    /// <summary>Reads a name; null when it is none.</summary>
    public static ImageName? Parse(string text)
    {
        if (text.Length > JobLimits.MaxTextLength) return null;
        var at = text.LastIndexOf('@');
        var digest = at < 0 ? null : text[(at + 1)..];
        if (digest is not null && !IsDigest(digest)) return null;
        var name = at < 0 ? text : text[..at];
        if (Array.Find(Kinds, kind => name.StartsWith(kind, StringComparison.Ordinal)) is not { } kind)
            return Names().IsMatch(name) ? new(text, null, digest) : null;
        var path = name[kind.Length..];
        var isPath = path is ['/', not '/', ..] && path.Split('/').All(part => part is not ("." or ".."))
            && !path.Any(char.IsControl) && FieldWords.IsWellFormed(path);
        return isPath ? new(text, path, digest) : null;
    }

    /// <summary>Whether a text is a digest as images have it.</summary>
    public static bool IsDigest(string text) => text.Length == 71 && text.StartsWith("sha256:", StringComparison.Ordinal)
        && !text.AsSpan(7).ContainsAnyExcept(HexDigits);

    // As the Distribution project has it: an optional host with its port, parts of lower case, an optional tag.
    [GeneratedRegex(
        @"\A(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?/)?"
            + @"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
            + @"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?\z",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Names();
}
