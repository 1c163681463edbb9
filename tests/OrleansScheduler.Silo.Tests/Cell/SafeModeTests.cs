using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>A store that is older than what runs: restored from a backup, or simply another one.</summary>
public sealed class SafeModeTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "test", "web");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-safe-").FullName;

    private static JobSpec Service { get; } = new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = 3,
        Task = new TaskSpec { Command = ["run"] },
    };

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task S31_an_older_store_ends_nothing_that_runs_until_an_operator_has_resumed_the_cell()
    {
        SimulatedNode node;
        await using (var before = await Start("before"))
        {
            node = await SimulatedNode.Start(before, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
            await before.Submit(Service);
            await before.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 3);

            // So that the epochs of the new store are below what the node has seen.
            node.LedgerEpoch += 5;
            await node.Disconnect();
        }

        await using var cell = await Start("after");
        await node.Connect(cell);
        await using var connected = node;
        var record = await cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe();
        Assert.True(record.SafeMode);
        Assert.Contains("n1", record.RestoredFrom, StringComparison.Ordinal);
        Assert.True((await cell.Ledger.CurrentEpoch()) > node.LedgerEpoch);
        await TestCell.Eventually(async () => (await Describe(cell)).Adopted.Length == 3, 20);

        // What is new waits, and what runs is left alone, also when somebody wants it stopped.
        var other = Service with { Key = Key with { Name = "other" } };
        await cell.Submit(other);
        await cell.Until(other.Key, v => v.Counts.GetValueOrDefault("PENDING") == 3);
        await TestCell.Eventually(async () => (await Describe(cell)).Generation > 0 && node.Lease > TimeSpan.Zero, 20);
        Assert.Empty(node.Unwanted);
        Assert.Empty(node.Killed);
        Assert.Equal(3, node.Started.Count);

        await cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id).Resume("op-resume", "me");
        await TestCell.Eventually(() => Task.FromResult(node.Unwanted.Distinct().Count() == 3), 30);
        await cell.Until(other.Key, v => v.Counts.GetValueOrDefault("RUNNING") == 3);
        await TestCell.Eventually(async () => (await Describe(cell)).Adopted.IsEmpty, 20);
    }

    [Fact]
    public async Task A_store_that_knows_all_epochs_is_not_taken_for_an_old_one()
    {
        await using var cell = await Start("one");
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await cell.Submit(Service);
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 3);
        await cell.MoveLedger();
        await node.Connect(cell);
        Assert.False((await cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe()).SafeMode);
        Assert.Empty(node.Unwanted);
    }

    private static async Task<NodeView> Describe(TestCell cell) => (await cell.Grains.GetGrain<INodeGrain>("n1").Describe())!;

    private Task<TestCell> Start(string name) => TestCell.Start(Directory.CreateDirectory(Path.Combine(_directory, name)).FullName);
}
