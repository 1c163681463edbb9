using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Nodes whose disk is nearly full, in a real cell with simulated agents.</summary>
public sealed class DiskPressureTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "prod", "web");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-pressure-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_an_agent_says_of_its_disk_decides_about_placements_and_outlives_the_silo()
    {
        await using (var cell = await TestCell.Start(_directory))
        {
            await using var agent = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
            var node = cell.Grains.GetGrain<INodeGrain>("n1");
            await Say(node, isShort: true);
            Assert.True((await node.Describe())!.DiskPressure);
            await cell.Submit(Service());
            await TestCell.Eventually(
                async () => await cell.Ledger.Explain(Key) is { Groups: [{ Reasons: [{ Code: Reasons.NodeDiskPressure }] }] }, 30);
            Assert.Equal(1, (await cell.Job(Key).Describe())!.Counts["PENDING"]);
        }

        await using (var cell = await TestCell.Start(_directory))
        {
            var node = cell.Grains.GetGrain<INodeGrain>("n1");
            Assert.True((await node.Describe())!.DiskPressure);

            // Registering says how it is now, and later words change it.
            await using var agent = await SimulatedNode.Start(
                cell, SimulatedNode.Describe("n1") with { DiskPressure = true }, _ => ScheduleStatus.Running);
            Assert.True((await node.Describe())!.DiskPressure);
            await cell.Until(Key, v => v.Counts.GetValueOrDefault("PENDING") == 1);
            Assert.Empty(agent.Started);

            await Say(node, isShort: false);

            await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
            Assert.False((await node.Describe())!.DiskPressure);
        }
    }

    private static async Task Say(INodeGrain node, bool isShort) =>
        await node.ReportUsage((await node.Describe())!.Generation, new(new() { DiskPressure = isShort, DiskFreeMiB = 7 }, []));

    private static JobSpec Service() => new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = 1,
        Task = new TaskSpec { Command = ["run"], Resources = new(100, 64, 0, 0) },
    };
}
