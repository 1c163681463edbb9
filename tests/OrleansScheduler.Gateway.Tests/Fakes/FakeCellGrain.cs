namespace OrleansScheduler.Gateway.Tests;

/// <summary>A cell that is in safe mode when its test wants that, until it is resumed.</summary>
public sealed class FakeCellGrain(FakeCell cell) : Grain, ICellGrain
{
    public Task<CellRecord> Describe(CancellationToken cancellationToken = default) => Task.FromResult(cell.Record);

    public Task<CellRecord> EnterSafeMode(string reason, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<CellRecord> Resume(string operationId, string actor, CancellationToken cancellationToken = default)
    {
        cell.Commands.Enqueue(("resume", operationId, actor));
        return Task.FromResult(cell.Record = cell.Record with { SafeMode = false });
    }
}
