using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OrleansScheduler.Repository.Tests;

public sealed partial class DashboardTests
{
    public static TheoryData<string> Dashboards =>
        [.. Repository.FilesEndingIn(".json").Where(file => file.StartsWith("dashboards/", StringComparison.Ordinal))];

    [Fact]
    public void There_is_a_dashboard() => Assert.NotEmpty(Dashboards);

    [Theory]
    [MemberData(nameof(Dashboards))]
    public async Task Every_query_is_one_that_Prometheus_can_parse(string file)
    {
        var queries = Panels(
            file).SelectMany(Targets).Select(target => Text(target, "expr").Replace("$__rate_interval", "1m", StringComparison.Ordinal));
        var rules = queries.Select((query, i) => new JsonObject { ["record"] = $"query:{i}", ["expr"] = query });
        var groups =
            new JsonObject { ["groups"] = new JsonArray(new JsonObject { ["name"] = "dashboard", ["rules"] = new JsonArray([.. rules]) }) };
        Assert.NotEmpty(groups["groups"]![0]!["rules"]!.AsArray());

        // YAML contains JSON, so promtool reads it.
        Assert.Equal("", await Promtool(groups.ToJsonString()));
    }

    [Fact]
    public async Task A_query_that_is_wrong_would_be_found() =>
        Assert.NotEqual("", await Promtool("""{"groups":[{"name":"dashboard","rules":[{"record":"query:0","expr":"sum by (le (x)"}]}]}"""));

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Every_panel_says_what_it_shows_and_in_which_unit(string file)
    {
        foreach (var panel in Panels(file).Where(IsChart))
        {
            Assert.NotEmpty(Text(panel, "title"));
            Assert.NotEmpty(Text(panel, "description"));
            Assert.NotEmpty(Text(panel["fieldConfig"]!["defaults"]!, "unit"));
            Assert.NotEmpty(Targets(panel));
            Assert.All(Targets(panel).Append(panel), part => Assert.Equal("${datasource}", Text(part["datasource"]!, "uid")));
        }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Panels_have_ids_and_places_of_their_own(string file)
    {
        var panels = Panels(file).ToArray();
        Assert.Equal(panels.Length, panels.Select(panel => (int)panel["id"]!).Distinct().Count());
        var taken = new HashSet<(int, int)>();
        foreach (var place in panels.Select(panel => panel["gridPos"]!))
        {
            var (x, y, w, h) = ((int)place["x"]!, (int)place["y"]!, (int)place["w"]!, (int)place["h"]!);
            Assert.InRange(x + w, 1, 24);
            foreach (var cell in from column in Enumerable.Range(x, w) from row in Enumerable.Range(y, h) select (column, row))
                Assert.True(taken.Add(cell), $"two panels at {cell}");
        }
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Every_metric_of_ours_is_one_that_the_code_measures(string file)
    {
        var code = string.Concat(
            Repository.FilesEndingIn(".cs").Where(name => name.StartsWith("src/", StringComparison.Ordinal)).Select(Repository.Text));
        var metrics = Panels(file).SelectMany(Targets).SelectMany(target => Metrics(Text(target, "expr"))).Distinct();

        Assert.All(metrics, metric => Assert.Contains($"\"{Instrument(metric)}\"", code, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Metrics(string query) => OurMetric().Matches(query).Select(match => match.Value);

    /// <summary>The instrument behind a name as Prometheus scrapes it.</summary>
    private static string Instrument(string metric)
    {
        foreach (var suffix in (string[])["_bucket", "_count", "_sum", "_total", "_seconds"])
            if (metric.EndsWith(suffix, StringComparison.Ordinal)) metric = metric[..^suffix.Length];
        return metric.Replace('_', '.');
    }

    private static async Task<string> Promtool(string rules)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, rules, TestContext.Current.CancellationToken);
        try
        {
            var start = new ProcessStartInfo("promtool", ["check", "rules", path])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0 ? "" : $"promtool: {await errors}";
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static IEnumerable<JsonNode> Panels(string file) =>
        JsonNode.Parse(Repository.Text(file))!["panels"]!.AsArray().Select(panel => panel!);

    private static bool IsChart(JsonNode panel) => Text(panel, "type") != "row";

    private static IEnumerable<JsonNode> Targets(JsonNode panel) => panel["targets"]?.AsArray().Select(target => target!) ?? [];

    [GeneratedRegex(@"\bscheduler_\w+", RegexOptions.NonBacktracking)]
    private static partial Regex OurMetric();

    private static string Text(JsonNode node, string name) => (string?)node[name] ?? "";
}
