using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class CellRecordTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_first_silo_makes_the_record_and_later_ones_keep_it()
    {
        var expected = new CellRecord
        {
            Name = "cell",
            ClusterId = "cell",
            StoreIncarnation = 1,
            StorageFormat = CellRecord.CurrentStorageFormat,
        };
        for (var start = 0; start < 2; start++)
        {
            await using var cell = await TestCell.Start(_directory.Path);
            Assert.Equal(expected, await Describe(cell));
        }
    }

    [Fact]
    public async Task Resuming_ends_safe_mode_durably_and_may_be_repeated()
    {
        await Change(record => record with { SafeMode = true, StoreIncarnation = 7 });
        await using (var cell = await TestCell.Start(_directory.Path))
        {
            Assert.True((await Describe(cell)).SafeMode);
            var grain = cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id);
            Assert.False((await grain.Resume("op-1", "test")).SafeMode);
            Assert.False((await grain.Resume("op-2", "test")).SafeMode);
        }

        await using var again = await TestCell.Start(_directory.Path);
        var record = await Describe(again);
        Assert.Equal((false, 7L), (record.SafeMode, record.StoreIncarnation));
    }

    [Fact]
    public async Task A_silo_does_not_start_on_a_store_that_a_newer_version_wrote()
    {
        await Change(record => record with { StorageFormat = CellRecord.CurrentStorageFormat + 1 });
        var before = await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => TestCell.Start(_directory.Path));
        Assert.Contains("storage format 2, this build reads up to 1", refusal.Message);
        Assert.Equal(before, await File.ReadAllBytesAsync(Database, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_silo_does_not_start_on_the_store_of_another_cell()
    {
        await Change(record => record with { Name = "east" });
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => TestCell.Start(_directory.Path));
        Assert.Contains("belongs to cell 'east'", refusal.Message);
    }

    private string Database => _directory.File("cell.db");

    private static Task<CellRecord> Describe(TestCell cell) => cell.Grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe();

    private async Task Change(Func<CellRecord, CellRecord> change)
    {
        await using (await TestCell.Start(_directory.Path))
        {
        }

        using var host = TestCell.CreateBuilder(_directory.Path).Build();
        await using var store = await OfflineStore.Open(host.Services, TestContext.Current.CancellationToken);
        var state = new GrainState<CellRecord> { State = new() };
        await store.Storage.ReadStateAsync(CellRecord.StateName, StoreCheck.Owner, state);
        state.State = change(state.State);
        await store.Storage.WriteStateAsync(CellRecord.StateName, StoreCheck.Owner, state);
    }
}
