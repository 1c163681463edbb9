using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class NodeReserveTests
{
    [Fact]
    public async Task Something_is_set_aside_for_a_role()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        var outcome = await CommandLine.RunAsync(
            gateway, "node", "reserve", "node-1", "--role", "shop", "--cpu", "4", "--memory", "16GiB", "--operation", "mine");
        Assert.Equal(new Outcome(0, "Node node-1 keeps cpu 4, memory 16GiB for shop.\n", ""), outcome);
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("POST", "/v1/nodes/node-1/reservations", "mine"), (request.Method, request.PathAndQuery, request.OperationId));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(request.Body), JsonElement.Parse(
            """{"role":"shop","amount":{"cpuMillis":4000,"memoryMiB":16384,"diskMiB":0,"gpuMillis":0}}""")), request.Body);
    }

    [Fact]
    public async Task It_is_given_back_by_the_same_amounts()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        var outcome = await CommandLine.RunAsync(gateway, "node", "unreserve", "node-1", "--role", "eng/web", "--gpus", "1");
        Assert.Equal("Node node-1 no longer keeps gpus 1 for eng/web.\n", outcome.Output);
        var request = Assert.Single(gateway.Seen);
        Assert.Equal("DELETE", request.Method);
        Assert.Equal(
            "/v1/nodes/node-1/reservations?role=eng%2Fweb&cpuMillis=0&memoryMiB=0&diskMiB=0&gpuMillis=1000", request.PathAndQuery);
    }

    [Theory]
    [InlineData("--role", "shop")]
    [InlineData("--role", "shop", "--cpu", "0")]
    [InlineData("--role", "shop", "--cpu", "-1")]
    [InlineData("--role", "shop", "--memory", "16")]
    [InlineData("--role", "shop", "--disk", "99999999999999999999TiB")]
    [InlineData("--cpu", "1")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_asked(params string[] options)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        Assert.Equal(2, (await CommandLine.RunAsync(gateway, ["node", "reserve", "node-1", .. options])).Code);
        Assert.Empty(gateway.Seen);
    }

    [Fact]
    public async Task A_node_shows_what_it_keeps_and_what_it_has_besides()
    {
        var node = Canned.Node
            .Replace("\"reserved\":{}", """ "reserved":{"shop":{"cpuMillis":1000}} """)
            .Replace("\"scalars\":{},\"sets\":{}", """ "scalars":{"bandwidth":100000},"sets":{"fpga":["f1","f2"]} """)
            .Replace("\"overcommit\":1", "\"overcommit\":1.5")
            .Replace("\"isOvercommitted\":false", "\"isOvercommitted\":true");
        await using var gateway = await StubGateway.StartAsync((context, before) =>
            StubGateway.WriteAsync(context, before == 0 ? node : """{"items":[]}"""));
        var output = (await CommandLine.RunAsync(gateway, "node", "status", "node-1")).Output;
        Assert.Contains("Warning     more runs on it than it has\n", output);
        Assert.Contains("Custom      bandwidth=100 fpga={f1,f2}\nReserved    shop: cpu 1\nOvercommit  1.5\n", output);
    }
}
