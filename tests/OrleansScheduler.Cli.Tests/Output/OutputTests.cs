using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class OutputTests
{
    [Fact]
    public async Task A_table_has_aligned_columns_under_headings()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        var outcome = await CommandLine.RunAsync(gateway, "node", "list");
        Assert.Equal(
            "NODE    STATUS  TASKS  CPU    MEMORY       HOST\n" +
            "node-1  ready   2      0.5/4  256MiB/8GiB  127.0.0.1\n", outcome.Output);
    }

    [Fact]
    public async Task No_headers_leaves_the_headings_out()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        Assert.StartsWith("node-1  ready", (await CommandLine.RunAsync(gateway, "node", "list", "--no-headers")).Output);
    }

    [Fact]
    public async Task Wide_shows_more()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        var output = (await CommandLine.RunAsync(gateway, "node", "list", "-o", "wide")).Output;
        Assert.Contains("ATTRIBUTES", output);
        Assert.Contains("rack=r1", output);
        Assert.Contains("31000-32000", output);
    }

    [Fact]
    public async Task Json_is_what_the_gateway_said()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        var outcome = await CommandLine.RunAsync(gateway, "node", "list", "-o", "json");
        var printed = JsonDocument.Parse(outcome.Output).RootElement[0];
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(Canned.Node).RootElement, printed), outcome.Output);
    }

    [Fact]
    public async Task Yaml_quotes_what_could_be_read_as_something_else()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        var output = (await CommandLine.RunAsync(gateway, "node", "list", "-o", "yaml")).Output;
        Assert.StartsWith("- description:\n    id: node-1\n    host: \"127.0.0.1\"\n    capacity:\n      cpuMillis: 4000\n", output);
        Assert.Contains("      rack:\n        - r1\n", output);
        var value = new YamlDotNet.Serialization.Deserializer().Deserialize<List<Dictionary<string, object>>>(output);
        Assert.Equal("ready", value[0]["status"]);
    }

    [Fact]
    public async Task Names_come_one_a_line()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        Assert.Equal("node-1\n", (await CommandLine.RunAsync(gateway, "node", "list", "-o", "name")).Output);
    }

    [Fact]
    public async Task One_task_is_told_with_its_history()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Task);
        var output = (await CommandLine.RunAsync(gateway, "task", "status", "shop/prod/web/0")).Output;
        Assert.Contains("Last end  exit 3", output);
        Assert.Contains("2026-01-02 03:04:05.000  2        RUNNING", output);
        Assert.Equal("/v1/tasks/shop/prod/web/0", Assert.Single(gateway.Seen).PathAndQuery);
    }

    [Theory]
    [InlineData(true, null, "auto", true)]
    [InlineData(false, null, "auto", false)]
    [InlineData(true, "NO_COLOR=1", "auto", false)]
    [InlineData(true, "TERM=dumb", "auto", false)]
    [InlineData(false, "NO_COLOR=1", "always", true)]
    [InlineData(true, null, "never", false)]
    public async Task Colour_is_for_people_who_want_it(bool isTerminal, string? variable, string choice, bool expected)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        var around = new Surroundings { IsTerminal = isTerminal };
        if (variable?.Split('=') is [var name, var value]) around.Variables[name] = value;
        var outcome = await CommandLine.RunAsync(gateway, around, "node", "list", "--color", choice);
        Assert.Equal(expected, outcome.Output.Contains('\e'));
    }

    [Fact]
    public async Task Pages_are_put_together_up_to_the_limit()
    {
        await using var gateway = await StubGateway.StartAsync((context, before) =>
            StubGateway.WriteAsync(
                context, $$"""{"items":[{{Canned.Node}},{{Canned.Node}}]{{(before < 9 ? ",\"next\":\"p" + before + "\"" : "")}}}"""));
        var outcome = await CommandLine.RunAsync(gateway, "node", "list", "-o", "name", "--limit", "5");
        Assert.Equal("node-1\nnode-1\nnode-1\nnode-1\nnode-1\n", outcome.Output);
        Assert.Equal(["/v1/nodes", "/v1/nodes?page=p0", "/v1/nodes?page=p1"], gateway.Seen.Select(request => request.PathAndQuery));
    }
}
