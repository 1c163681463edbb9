using System.Xml.Linq;

namespace OrleansScheduler.Repository.Tests;

/// <summary>The working copy that the tests look at.</summary>
internal static class Repository
{
    private static readonly string[] Generated = ["artifacts", ".git", "bin", "obj", "node_modules", "TestResults", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>All files, relative to the root, without what is generated.</summary>
    public static ImmutableArray<string> Files { get; } =
        [.. Walk(Root).Select(file => Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> FilesEndingIn(params string[] endings) =>
        Files.Where(file => endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)));

    public static string Text(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root, file));

    public static XElement Xml(string file) => XElement.Load(Path.Combine(Root, file));

    private static IEnumerable<string> Walk(string directory) =>
        Directory.GetFiles(directory).Where(IsOurs).Concat(Directory.GetDirectories(directory).Where(IsOurs).SelectMany(Walk));

    // In a worktree of Git, .git is a file.
    private static bool IsOurs(string path) => !Generated.Contains(Path.GetFileName(path));

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "OrleansScheduler.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("the tests do not run inside the repository");
        return directory.FullName;
    }
}
