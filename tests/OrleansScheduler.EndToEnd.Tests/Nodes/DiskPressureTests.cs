using System.Text;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>A node whose disk is nearly full, in a cell of real processes.</summary>
public sealed class DiskPressureTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_node_under_disk_pressure_keeps_what_runs_and_gets_nothing_new_until_it_is_over()
    {
        await using var cell = new RoleCell(_directory);
        using var client = cell.Client;
        cell.Set("Agent__MinFreeDisk", "0");
        cell.Start("silo", "gateway", "agent");
        await Pressure(isOn: false);
        var before = await Submit("before");
        await Reaches(before, "RUNNING");

        // No disk has all of itself free.
        cell.Set("Agent__MinFreeDisk", "100");
        await cell.Kill("agent");
        cell.Start("agent");
        await Pressure(isOn: true);
        Assert.Contains("ready, disk pressure", (await Osched.Run("node list", 60, Environment())).Output, StringComparison.Ordinal);
        var status = await Osched.Run("node status node-1", 60, Environment());
        Assert.Contains("its disk is nearly full", status.Output, StringComparison.Ordinal);
        var after = await Submit("after");
        await Eventually.True(
            async () => (await client.ExplainJobAsync(after)).Value is { Groups: [{ Reasons: [{ Code: Reasons.NodeDiskPressure }] }] }, 30,
            () => cell.Output);

        // The next silo knows it before the agent has spoken, and the agent says it again.
        await cell.Kill("silo");
        cell.Start("silo");
        await Eventually.True(
            async () => (await client.ExplainJobAsync(after)).Value is { Groups: [{ Reasons: [{ Code: Reasons.NodeDiskPressure }] }] }, 60,
            () => cell.Output);
        Assert.Equal(1, (await client.DescribeJobAsync(before)).Value!.Counts["RUNNING"]);

        cell.Set("Agent__MinFreeDisk", "0");
        await cell.Kill("agent");
        cell.Start("agent");
        await Pressure(isOn: false);
        await Reaches(after, "RUNNING");
        Assert.Equal(1, (await client.ListTasksAsync(new() { Job = before })).Value!.Items[0].Attempt);
        foreach (var job in new[] { before, after })
        {
            await client.StopJobAsync(job);
            await Reaches(job, "KILLED");
        }

        Dictionary<string, string> Environment() => new(cell.Environment, StringComparer.Ordinal)
        {
            ["OSCHED_GATEWAY"] = cell.Environment["Gateway__Url"],
        };

        Task Pressure(bool isOn) => Eventually.True(
            async () => (await client.DescribeNodeAsync("node-1")).Value is { Status: "ready" } node && node.DiskPressure == isOn, 60,
            () => cell.Output);

        Task Reaches(JobKey job, string status) => Eventually.True(
            async () => (await client.DescribeJobAsync(job)).Value is { } view && view.Counts.GetValueOrDefault(status) == 1, 60,
            () => cell.Output);

        async Task<JobKey> Submit(string name)
        {
            var file = $$"""
                job: {{name}}
                role: shop
                env: test
                type: service
                task: { command: [sleep, "3600"], resources: { cpu: 0.05, memory: 8MiB } }
                """;
            Assert.Null((await client.SubmitJobsAsync(JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes(file)))).Problem);
            return new("shop", "test", name);
        }
    }
}
