using Microsoft.Extensions.Configuration;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class RestoreTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "prod", "web");
    private readonly TemporaryDirectory _first = new();
    private readonly TemporaryDirectory _second = new();

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task A_restored_cell_takes_over_what_runs_and_uses_no_number_twice()
    {
        byte[] file;
        SimulatedNode node;
        await using (var cell = await TestCell.Start(_first.Path))
        {
            node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
            await cell.Submit(Spec(3));
            await cell.Until(Key, job => job.Counts.GetValueOrDefault("RUNNING") == 3);
            file = await BackUp(cell);

            // The backup is older than the truth: since then instance 0 has become another attempt.
            await cell.Job(Key).Restart(new InstancesCommand("op-2", [0], "test"));
            await TestCell.Eventually(
                async () => (await cell.Job(Key).DescribeTask(0)) is { Attempt: 2, Status: ScheduleStatus.Running }, 60);
            await node.Disconnect();
        }

        var report = (await Restore(file, _second.Path)).Value!;
        Assert.Equal((1, 1), (report.Jobs, report.Nodes));
        await using (var cell = await TestCell.Start(_second.Path))
        {
            var grain = cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id);
            var record = await grain.Describe();
            Assert.True(record.SafeMode);
            Assert.Equal(report.StoreIncarnation, record.StoreIncarnation);
            Assert.StartsWith("test.bak of ", record.RestoredFrom);
            await grain.Resume("op-3", "test");
            await node.Connect(cell);
            await TestCell.Eventually(
                async () => await cell.Job(Key).DescribeTask(0)
                    is { Status: ScheduleStatus.Running, Attempt: > JobRestore.AttemptsBetween },
                60);
            foreach (var instance in (int[])[1, 2]) Assert.Equal(1, (await cell.Job(Key).DescribeTask(instance))!.Attempt);
            Assert.Equal(node.Started.Count, node.Started.Distinct().Count());
            Assert.True((await cell.Ledger.Summarise()).Epoch > CellRestore.Jump);
            Assert.True((await cell.Grains.GetGrain<INodeGrain>("n1").Describe())!.Generation > CellRestore.Jump);
        }

        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_store_that_is_not_empty_is_only_replaced_when_that_is_forced()
    {
        byte[] file;
        await using (var cell = await TestCell.Start(_first.Path))
        {
            await cell.Submit(Spec(1));
            file = await BackUp(cell);
            await cell.Submit(Spec(1) with { Key = new("shop", "prod", "later") });
        }

        Assert.Equal("store-not-empty", (await Restore(file, _first.Path)).Problem!.Code);
        Assert.Null((await Restore(file, _first.Path, force: true)).Problem);

        await using var restored = await TestCell.Start(_first.Path);
        Assert.NotNull(await restored.Job(Key).Describe());
        Assert.Null(await restored.Job(new("shop", "prod", "later")).Describe());
        Assert.Equal("created", (await restored.Submit(Spec(2) with { Key = new("shop", "prod", "later") })).Value!.Outcome);
        Assert.Empty((await Owner(restored, "job", Key.ToString()).CheckState()).Damages);
    }

    [Fact]
    public async Task A_backup_that_is_not_for_this_cell_changes_nothing()
    {
        byte[] file;
        await using (var cell = await TestCell.Start(_first.Path)) file = await BackUp(cell);

        Assert.Equal("backup-of-another-cell", (await Restore(file, _second.Path, cell: "west")).Problem!.Code);
        Assert.Equal("backup-damaged", (await Restore(file[..^1], _second.Path)).Problem!.Code);
        var newer = await Restore(file, _second.Path, force: true, header: header => header with { StorageFormat = 2 });
        Assert.Equal("backup-too-new", newer.Problem!.Code);
        Assert.Empty(Directory.GetFiles(_second.Path));
    }

    private static JobSpec Spec(int instances) => new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = instances,
        Task = new TaskSpec { Command = ["true"], Resources = new Resources(100, 64, 0, 0) },
    };

    private static IStateOwner Owner(TestCell cell, string type, string key) =>
        cell.Grains.GetGrain<IStateOwner>(GrainId.Create(type, key));

    private static async Task<byte[]> BackUp(TestCell cell)
    {
        var file = new MemoryStream();
        using var writer = new BackupWriter(file);
        var record = await cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe();
        await writer.Begin(Header(record), TestContext.Current.CancellationToken);
        var shards = Enumerable.Range(0, JobIndex.Shards).Select(shard => cell.Grains.GetGrain<IJobIndexGrain>(shard).GetGrainId());
        foreach (var owner in (GrainId[])[GrainId.Create("cell", "cell"), .. shards, GrainId.Create("job", Key.ToString()),
            GrainId.Create("node", "n1"), GrainId.Create("resourceledger", "cell")])
        {
            await foreach (var part in cell.Grains.GetGrain<IStateOwner>(owner).CopyState())
                await writer.Add(owner, part, TestContext.Current.CancellationToken);
        }

        await writer.End(TestContext.Current.CancellationToken);
        return file.ToArray();
    }

    private static BackupHeader Header(CellRecord record) => new()
    {
        Format = BackupFormat.Version,
        Cell = record.Name,
        Product = "0.1.0",
        StorageFormat = record.StorageFormat,
        StoreIncarnation = record.StoreIncarnation,
        TakenAt = DateTimeOffset.UnixEpoch,
    };

    private static async Task<Answer<RestoreReport>> Restore(
        byte[] file, string directory, bool force = false, string cell = "cell", Func<BackupHeader, BackupHeader>? header = null)
    {
        var builder = TestCell.CreateBuilder(directory);
        builder.Configuration.AddInMemoryCollection([new("Cell:Name", cell)]);
        using var host = builder.Build();
        var stream = new MemoryStream(header is null ? file : await Change(file, header));
        return await CellRestore.Run(host.Services, stream, "test.bak", force, TestContext.Current.CancellationToken);
    }

    private static async Task<byte[]> Change(byte[] file, Func<BackupHeader, BackupHeader> change)
    {
        using var reader = new BackupReader(new MemoryStream(file));
        var header = await reader.Begin(TestContext.Current.CancellationToken);
        var changed = new MemoryStream();
        using var writer = new BackupWriter(changed);
        await writer.Begin(change(header), TestContext.Current.CancellationToken);
        await foreach (var (owner, part) in reader.ReadParts(TestContext.Current.CancellationToken))
            await writer.Add(owner, part, TestContext.Current.CancellationToken);
        await writer.End(TestContext.Current.CancellationToken);
        return changed.ToArray();
    }
}
