namespace OrleansScheduler.Repository.Tests;

public sealed class DependencyTests
{
    private static IEnumerable<string> Packages =>
        Repository.Xml("Directory.Packages.props").Descendants("PackageVersion").Select(package => (string)package.Attribute("Include")!);

    [Fact]
    public void Every_package_is_justified_in_the_architecture_document()
    {
        var document = Repository.Text("src/ARCHITECTURE.md");
        var start = document.IndexOf("\n## Dependencies\n", StringComparison.Ordinal);
        Assert.True(start >= 0, "src/ARCHITECTURE.md has no section \"Dependencies\"");
        var end = document.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        var section = document[start..(end < 0 ? document.Length : end)];

        Assert.All(Packages, package => Assert.Contains($"`{package}`", section, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_package_is_used()
    {
        var projects = Repository.FilesEndingIn(".csproj", ".props");
        var referenced = projects.SelectMany(file => Repository.Xml(file).Descendants("PackageReference"))
            .Select(reference => (string)reference.Attribute("Include")!);
        var locked = string.Concat(Repository.FilesEndingIn("packages.lock.json").Select(Repository.Text));

        Assert.All(Packages.Except(referenced), package => Assert.Contains($"\"{package}\": {{", locked, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_project_is_in_the_solution_and_has_a_lock_file()
    {
        var solution = Repository.Text("OrleansScheduler.sln").Replace('\\', '/');
        foreach (var project in Repository.FilesEndingIn(".csproj"))
        {
            Assert.Contains(project, solution, StringComparison.Ordinal);

            // What has only the SDK's own packages has their versions from it.
            if (Repository.Text(project).Contains("<RestorePackagesWithLockFile>false<", StringComparison.Ordinal)) continue;
            Assert.Contains($"{Path.GetDirectoryName(project)}/packages.lock.json", Repository.Files);
        }
    }

    [Fact]
    public void Versions_are_exact()
    {
        var versions = Repository.Xml(
            "Directory.Packages.props").Descendants("PackageVersion").Select(package => (string)package.Attribute("Version")!);

        Assert.All(versions, version => Assert.Matches(@"^(\d+\.\d+\.\d+(-[\w.]+)?|\$\(OrleansVersion\))$", version));
    }
}
