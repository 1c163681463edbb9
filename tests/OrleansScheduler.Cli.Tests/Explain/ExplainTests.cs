namespace OrleansScheduler.Cli.Tests;

public sealed class ExplainTests
{
    private const string View = """
        {"key":"shop/prod/web","summary":"Role shop would exceed its quota.","groups":[{"version":4,"waiting":2,
         "since":"2026-01-02T03:04:05Z","request":{"cpuMillis":2000,"memoryMiB":256,"diskMiB":0,"gpuMillis":0},"ports":1,"position":3,
         "reasons":[{"code":"insufficient-cpu","nodes":3,"message":"insufficient cpu"}],
         "nearest":{"node":"node-7","dimension":"cpu","need":"2","have":"1.5"},
         "held":{"code":"quota-limit","nodes":0,"message":"role shop would exceed its quota"},
         "role":{"role":"shop","share":0.1234,"weight":2,"allocated":{"cpuMillis":9000},"consumed":{"cpuMillis":9500},
          "quota":{"guarantee":{"cpuMillis":2000},"limit":{"cpuMillis":10000}},"position":2},
         "preemption":{"node":"node-7","lostCpuSeconds":120.4,
          "victims":[{"job":"shop/test/a","instance":0,"number":1},{"job":"shop/test/a","instance":1,"number":3}]},
         "estimatedStart":"2026-01-02T04:00:00Z"}]}
        """;

    [Fact]
    public async Task Everything_that_is_known_about_the_wait_is_told()
    {
        await using var gateway = await StubGateway.WithAsync(View);
        var lines = (await CommandLine.RunAsync(gateway, "explain", "shop/prod/web")).Output.Split('\n');
        Assert.Equal("Role shop would exceed its quota.", lines[0]);
        string[] expected =
        [
            "Each needs    cpu 2, memory 256MiB, 1 port",
            "In the queue  place 3",
            "Held back     role shop would exceed its quota",
            "Nearest       node-7: needs cpu 2, has 1.5",
            "Role          shop: place 2 of those that wait, share 12.3 % at weight 2, has cpu 9",
            "Quota         limit cpu 10; guaranteed cpu 2; counts cpu 9.5",
            "Preemption    would stop 2 tasks on node-7: shop/test/a/0#1, shop/test/a/1#3; 120 cpu-seconds of work lost",
            "Starts by     2026-01-02 04:00:00 UTC",
            "3      insufficient cpu",
        ];
        Assert.All(expected, line => Assert.Contains(lines, shown => shown.StartsWith(line, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_not_known_is_left_out()
    {
        await using var gateway = await StubGateway.WithAsync(
            """{"key":"shop/prod/web","summary":"It waits.","groups":[{"version":1,"waiting":1,"request":{"cpuMillis":100}}]}""");
        var outcome = await CommandLine.RunAsync(gateway, "explain", "shop/prod/web");
        Assert.Equal("It waits.\n\nWaiting     1 instance of version 1\nEach needs  cpu 0.1\n", outcome.Output);
    }
}
