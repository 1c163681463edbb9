using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class WhatIfTests
{
    [Fact]
    public async Task Every_change_that_was_named_is_asked_about()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Outlook);
        var outcome = await CommandLine.RunAsync(
            gateway, "what-if", "--add-nodes", "3:cpu=16,memory=64GiB,@rack=r1,@rack=r2,@zone=a", "--add-nodes", "1:gpus=8",
            "--drain", "node-1", "--drain", "node-2", "--scale", "shop/prod/web=40", "--quota", "shop:cpu=100", "--quota", "eng.web:none");
        Assert.Equal(("", 0), (outcome.Error, outcome.Code));
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("POST", "/v1/what-if", null), (request.Method, request.PathAndQuery, request.OperationId));
        var asked = JsonSerializer.Deserialize<WhatIf>(request.Body, WireJson.Options)!;
        Assert.Equal([new(16_000, 65_536, 0, 0), new(0, 0, 0, 8000)], asked.AddNodes.Select(nodes => nodes.Capacity));
        Assert.Equal([3, 1], asked.AddNodes.Select(nodes => nodes.Count));
        Assert.Equal(["r1", "r2"], asked.AddNodes[0].Attributes!["rack"]);
        Assert.Equal(["node-1", "node-2"], asked.DrainNodes);
        Assert.Equal([new(JobKey.Parse("shop/prod/web"), 40)], asked.Scale);
        Assert.Equal(
            [new("shop", new Quota { Limit = new(100_000, null, null, null) }), new("eng.web", null)], asked.Quotas);
    }

    [Fact]
    public async Task The_answer_is_told_with_what_changes_and_why_jobs_would_wait()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Outlook);
        var outcome = await CommandLine.RunAsync(gateway, "what-if", "--drain", "node-1", "-o", "wide");
        Assert.Equal("""
            2 more instances would wait.

            Nodes    4 → 3
            Cpu      6/16 → 6/12
            Memory   1GiB/4GiB
            Waiting  0 → 2

            JOB            PLACED  WAITING  PREEMPTED
            shop/prod/web  5 → 3   0 → 2    1

            shop/prod/web would wait:
            Waiting     2 instances of version 4
            Each needs  cpu 2, memory 256MiB
            NODES  REASON
            3      insufficient cpu

            NODE    TASKS  CPU    MEMORY
            node-1  5 → 0  6 → 0  1GiB → 0MiB

            """, outcome.Output);
    }

    [Fact]
    public async Task Json_is_what_the_gateway_said()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Outlook);
        var outcome = await CommandLine.RunAsync(gateway, "what-if", "--drain", "node-1", "-o", "json");
        Assert.Equal("2 more instances would wait.", JsonDocument.Parse(outcome.Output).RootElement.GetProperty("summary").GetString());
    }

    [Theory]
    [InlineData("--add-nodes", "3")]
    [InlineData("--add-nodes", "0:cpu=1")]
    [InlineData("--add-nodes", "-1:cpu=1")]
    [InlineData("--add-nodes", "100001:cpu=1")]
    [InlineData("--add-nodes", "3:cpu=-1")]
    [InlineData("--add-nodes", "3:cores=1")]
    [InlineData("--add-nodes", "3:cpu=1,@rack")]
    [InlineData("--add-nodes", "3:memory=99999999999999999999GiB")]
    [InlineData("--scale", "shop/prod/web")]
    [InlineData("--scale", "web=3")]
    [InlineData("--scale", "shop/prod/web=-3")]
    [InlineData("--scale", "shop/prod/web=10001")]
    [InlineData("--quota", "shop")]
    [InlineData("--quota", ":cpu=1")]
    [InlineData("--quota", "shop:cpu=-1")]
    [InlineData]
    public async Task A_change_that_makes_no_sense_is_refused_before_anything_is_asked(params string[] options)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Outlook);
        var outcome = await CommandLine.RunAsync(gateway, ["what-if", .. options]);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(options.FirstOrDefault() ?? "--add-nodes", outcome.Error);
        Assert.Empty(gateway.Seen);
    }

    [Fact]
    public async Task A_node_that_is_not_there_is_not_found()
    {
        await using var gateway = await StubGateway.WithProblemAsync(404, "node-not-found");
        Assert.Equal(3, (await CommandLine.RunAsync(gateway, "what-if", "--drain", "nobody")).Code);
    }
}
