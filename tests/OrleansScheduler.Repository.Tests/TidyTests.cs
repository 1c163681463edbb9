using System.Text.RegularExpressions;

namespace OrleansScheduler.Repository.Tests;

/// <summary>What keeps the repository pleasant to read and is cheaper to check by machine than by people.</summary>
public sealed partial class TidyTests
{
    private const int MaxLineLength = 140;
    private const int MaxFileLength = 400;

    private static readonly string[] TopLevel =
    [
        ".ci", ".config", ".editorconfig", ".gitattributes", ".github", ".gitignore", ".globalconfig", ".dockerignore", "BannedSymbols.txt",
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "LICENSE", "NuGet.config", "OrleansScheduler.sln",
        "README.md", "dashboards", "global.json", "infra", "nuget.config", "src", "tests",
    ];

    private static readonly string[] VagueFolders =
        ["Common", "Utils", "Utilities", "Helpers", "Models", "Services", "Managers", "Misc", "Shared"];

    private static IEnumerable<string> Code => Repository.FilesEndingIn(".cs", ".proto", ".sql", ".razor");

    private static IEnumerable<string> Texts => Repository.Files.Where(
        file => Path.GetExtension(file) is not (".png" or ".gz" or ".ico" or ".woff2"));

    [Fact]
    public void Lines_are_short_enough_to_read() => RequireNone(
        from file in Code
        from line in Repository.Lines(file).Index()
        where line.Item.Length > MaxLineLength
        select $"{file}:{line.Index + 1} has {line.Item.Length} characters, at most {MaxLineLength}");

    [Fact]
    public void Files_are_short_enough_to_grasp() => RequireNone(
        from file in Code
        let length = Repository.Lines(file).Length
        where length > MaxFileLength
        select $"{file} has {length} lines, at most {MaxFileLength}");

    [Fact]
    public void Nothing_is_left_for_later() => RequireNone(
        from file in Texts
        from line in Repository.Lines(file).Index()
        where LeftForLater().IsMatch(line.Item)
        select $"{file}:{line.Index + 1}: {line.Item.Trim()}");

    [Fact]
    public void No_line_ends_in_white_space() => RequireNone(
        from file in Texts
        where !file.EndsWith(".sln", StringComparison.Ordinal)
        from line in Repository.Lines(file).Index()
        where line.Item.Length > 0 && char.IsWhiteSpace(line.Item[^1])
        select $"{file}:{line.Index + 1}");

    [Fact]
    public void Code_files_end_with_one_line_break() => RequireNone(
        from file in Code
        let text = Repository.Text(file)
        where !text.EndsWith('\n') || text.EndsWith("\n\n", StringComparison.Ordinal) || text.Contains('\r', StringComparison.Ordinal)
        select file);

    [Fact]
    public void Folders_are_named_after_what_they_hold() => RequireNone(
        from file in Repository.Files
        from folder in Path.GetDirectoryName(file)!.Split('/')
        where VagueFolders.Contains(folder, StringComparer.OrdinalIgnoreCase)
        select $"{file}: the folder {folder} says nothing");

    [Fact]
    public void The_top_level_holds_only_what_is_agreed() =>
        RequireNone(Repository.Files.Select(file => file.Split('/')[0]).Distinct().Except(TopLevel));

    [Fact]
    public void Namespaces_are_one_per_project() => RequireNone(
        from file in Repository.FilesEndingIn(".cs")
        let project = file.Split('/')[1]
        let declared = Namespace().Match(Repository.Text(file)).Groups["name"].Value
        where declared.Length > 0 && declared != project
        select $"{file} declares {declared}, its project is {project}");

    [Fact]
    public void Links_in_documents_lead_somewhere() => RequireNone(
        from file in Repository.FilesEndingIn(".md")
        from Match link in Link().Matches(CodeBlock().Replace(Repository.Text(file), ""))
        let target = link.Groups["target"].Value
        where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)
            && !Leads(file, target)
        select $"{file}: {target}");

    private static bool Leads(string file, string target)
    {
        var (path, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, "");
        var full = path.Length == 0
            ? Path.Combine(Repository.Root, file)
            : Path.Combine(Repository.Root, Path.GetDirectoryName(file)!, path);
        if (anchor.Length == 0 || !full.EndsWith(".md", StringComparison.Ordinal)) return File.Exists(full) || Directory.Exists(full);
        return File.Exists(full) && File.ReadLines(full).Any(line => line.StartsWith('#') && Anchor(line) == anchor);
    }

    /// <summary>The anchor of a heading, as code hosts make it.</summary>
    private static string Anchor(string heading)
    {
        var kept = heading.TrimStart('#').Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_');
        return string.Concat(kept).Replace(' ', '-');
    }

    private static void RequireNone(IEnumerable<string> offences)
    {
        var found = offences.ToArray();
        Assert.True(found.Length == 0, $"{found.Length} found:\n{string.Join('\n', found.Take(50))}");
    }

    // Written in pieces, so that this file does not offend itself.
    [GeneratedRegex(@"\b(TO" + @"DO|FIX" + @"ME|XX" + @"X|HA" + @"CK)\b", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LeftForLater();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)", RegexOptions.NonBacktracking)]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex CodeBlock();
}
