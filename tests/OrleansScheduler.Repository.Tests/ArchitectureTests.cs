using System.Reflection;
using NetArchTest.Rules;

namespace OrleansScheduler.Repository.Tests;

/// <summary>The arrows between projects: src/ARCHITECTURE.md, "Projects".</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Core"] = [],
        ["Contracts"] = ["Core"],
        ["Silo"] = ["Contracts"],
        ["Gateway"] = ["Contracts"],
        ["Agent"] = ["Contracts", "Shim"],
        ["Shim"] = [],
        ["Client"] = ["Core"],
        ["Cli"] = ["Client", "Silo", "Gateway", "Agent"],
    };

    public static TheoryData<string> Projects => [.. Arrows.Keys];

    [Fact]
    public void Every_project_has_its_arrows_here()
    {
        var projects = Repository.FilesEndingIn(".csproj").Where(file => file.StartsWith("src/", StringComparison.Ordinal));

        Assert.Equal(Arrows.Keys.Order(), projects.Select(ShortName).Order());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_its_arrows_allow(string project)
    {
        var references = Repository.Xml($"src/OrleansScheduler.{project}/OrleansScheduler.{project}.csproj")
            .Descendants("ProjectReference").Select(reference => ShortName((string)reference.Attribute("Include")!));

        Assert.Empty(references.Except(Arrows[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_no_types_of_projects_behind_its_arrows(string project)
    {
        var reachable = Reach(project).Append(project).ToHashSet();
        var forbidden = Arrows.Keys.Where(other => !reachable.Contains(other)).Select(other => $"OrleansScheduler.{other}").ToArray();

        RequireNone(project, forbidden);
    }

    [Fact]
    public void The_core_does_no_input_or_output() => RequireNone(
        "Core",
        [
            "System.IO.File", "System.IO.Directory", "System.IO.FileStream", "System.Net.Http", "System.Net.Sockets",
            "System.Diagnostics.Process", "System.Data", "Microsoft.AspNetCore", "Microsoft.Extensions.Hosting",
            "Microsoft.Extensions.Logging", "Grpc", "Npgsql", "Orleans.Runtime", "Orleans.Hosting", "Orleans.Grain",
        ]);

    [Fact]
    public void Contracts_know_no_runtime() =>
        RequireNone(
            "Contracts", ["Orleans.Hosting", "Microsoft.AspNetCore.Builder", "Microsoft.Extensions.Hosting", "System.Data", "Npgsql"]);

    private static IEnumerable<string> Reach(string project) => Arrows[project].SelectMany(next => Reach(next).Append(next));

    private static void RequireNone(string project, string[] forbidden)
    {
        if (forbidden.Length == 0) return;
        var name = project switch { "Cli" => "osched", "Shim" => "osched-shim", _ => $"OrleansScheduler.{project}" };
        var result = Types.InAssembly(Assembly.Load(name)).ShouldNot().HaveDependencyOnAny(forbidden).GetResult();

        var offenders = string.Join(", ", result.FailingTypeNames ?? []);

        Assert.True(result.IsSuccessful, $"{project} must not use {string.Join(", ", forbidden)}: {offenders}");
    }

    private static string ShortName(string project) => Path.GetFileNameWithoutExtension(project)["OrleansScheduler.".Length..];
}
