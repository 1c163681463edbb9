using System.Diagnostics;
using System.Text.Json.Nodes;

namespace OrleansScheduler.EndToEnd.Tests;

public sealed class DashboardTests
{
    private static readonly JobKey Work = new("test", "devel", "work");
    private static readonly JobKey Web = new("test", "devel", "web");

    [Fact]
    public async Task Every_query_of_the_dashboards_shows_something_of_a_cell_that_works()
    {
        await using var cell = new DevCell();
        await cell.InitializeAsync();
        await using var prometheus = new PrometheusServer(new Uri(cell.Address), cell.Directory.Path);

        await cell.Submit($$"""
            job: {{Work.Name}}
            role: {{Work.Role}}
            env: {{Work.Environment}}
            type: batch
            instances: 50
            task:
              command: 'case $OSCHED_INSTANCE in *0) exit 3;; esac'
              resources: { cpu: 0.1, memory: 8MiB }
            """);
        await cell.Until(Work, job => job.Counts.GetValueOrDefault("FINISHED") == 45 && job.Counts.GetValueOrDefault("FAILED") == 5);
        await Scraped(prometheus, starts: 50);

        // A rate needs a value before: what follows moves counters that Prometheus has seen.
        await cell.Submit($$"""
            job: {{Web.Name}}
            role: {{Web.Role}}
            env: {{Web.Environment}}
            type: service
            instances: 3
            task:
              command: 'exec sleep 600'
              resources: { cpu: 0.1, memory: 8MiB }
            """);
        await cell.Until(Web, job => job.Counts.GetValueOrDefault("RUNNING") == 3);
        await Scraped(prometheus, starts: 53);

        foreach (var query in Queries())
            await Eventually.True(async () => (await prometheus.Query(query)).Any(double.IsFinite), 15, () => $"anything for {query}");
        await Becomes(prometheus, """sum(scheduler_tasks{job="silo",status="RUNNING"})""", 3);
        await Becomes(prometheus, """sum(scheduler_tasks{job="silo",status="FAILED"})""", 5);
        await Becomes(prometheus, """sum(scheduler_ledger_placements_total{job="silo"})""", 53);
        Assert.DoesNotContain("scheduler_", await Lint(cell), StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_queries() => Assert.True(Queries().Count() > 20);

    /// <summary>Silo and agent are not scraped at the same moment.</summary>
    private static Task Becomes(PrometheusServer prometheus, string query, double value) => Eventually.True(
        async () => await prometheus.Query(query) is [var seen] && seen.Equals(value), 15, () => $"{value} as {query}");

    private static Task Scraped(PrometheusServer prometheus, int starts) => Eventually.True(
        async () => await prometheus.Query("""sum(scheduler_agent_starts_total{job="agent"})""") is [var seen] && seen >= starts, 30,
        () => $"{starts} starts in Prometheus");

    private static IEnumerable<string> Queries() =>
        from file in Directory.GetFiles(Path.Combine(Repository(), "dashboards"), "*.json")
        from panel in JsonNode.Parse(File.ReadAllText(file))!["panels"]!.AsArray()
        from target in panel!["targets"]?.AsArray() ?? []
        select ((string)target!["expr"]!).Replace("$__rate_interval", "1m", StringComparison.Ordinal);

    private static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "OrleansScheduler.sln"))) directory = directory.Parent!;
        return directory.FullName;
    }

    /// <summary>What <c>promtool</c> finds wrong with the metrics, a line each.</summary>
    private static async Task<string> Lint(DevCell cell)
    {
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri($"{cell.Address}/metrics"));
        Assert.Contains("scheduler_tasks", metrics, StringComparison.Ordinal);
        var start = new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!;
        var errors = promtool.StandardError.ReadToEndAsync();
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        return await promtool.StandardOutput.ReadToEndAsync() + await errors;
    }
}
