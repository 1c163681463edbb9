namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>Aurora's case of an SLA-aware drain, over the REST API of a real cell with real processes.</summary>
public sealed class MaintenanceConformanceTests(DevCell cell) : IClassFixture<DevCell>
{
    private const string Job = """
        job: m05
        role: shop
        env: prod
        type: service
        tier: preferred
        instances: 2
        task:
          command: [sleep, "3600"]
          resources: { cpu: 0.05, memory: 8MiB }
        """;

    [Fact]
    public async Task M05_A_count_lets_one_of_two_go_and_a_deadline_that_has_come_the_other()
    {
        var key = new JobKey("shop", "prod", "m05");
        await cell.Submit(Job);
        await cell.Until(key, v => v.Counts.GetValueOrDefault("RUNNING") == 2);

        var sla = new SlaRequest { Count = 1, Duration = "1s" };
        Assert.Equal("draining", (await cell.Client.DrainNodeAsync("node-1", new DrainRequest { Sla = sla })).Value!.Status);
        await cell.Until(key, v => v.Counts.GetValueOrDefault("RUNNING") == 1 && v.Counts.GetValueOrDefault("PENDING") == 1);
        DrainView? drain = null;
        await Eventually.True(
            async () => (drain = (await cell.Client.DescribeDrainAsync("node-1")).Value) is { Held.Length: 1, Leaving: 0 }, 30,
            () => cell.Output);
        Assert.Equal((MaintenanceMode.Draining, 1, "1 instance"), (drain!.Mode, drain.Tasks, drain.DefaultSla));
        Assert.Contains("its SLA of 1 instance asks for 1", drain.Held[0].Reason);

        var uptime = (await cell.Client.DescribeJobSlaAsync(key, "1h")).Value!;
        Assert.InRange(uptime.PlatformUptimePercent, 1, 99.999);   // the one that went is down until it runs again
        Assert.True(uptime.JobUptimeSeconds[50] > 0);

        await cell.Client.DrainNodeAsync("node-1", new DrainRequest { Sla = sla, Deadline = "0s" });
        await cell.Until(key, v => v.Counts.GetValueOrDefault("PENDING") == 2);
        await Eventually.True(
            async () => (await cell.Client.DescribeNodeAsync("node-1")).Value!.Status == "drained", 30, () => cell.Output);
        Assert.Equal("ready", (await cell.Client.UndrainNodeAsync("node-1")).Value!.Status);
        await cell.Until(key, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
    }
}
