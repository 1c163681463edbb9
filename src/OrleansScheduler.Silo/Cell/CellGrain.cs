using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace OrleansScheduler.Silo;

/// <summary>Owns the cell's record, which <see cref="StoreCheck"/> made when the first silo started.</summary>
[HashBasedPlacement, GrainType(CellRecord.StateName)]
internal sealed partial class CellGrain(
    [PersistentState(CellRecord.StateName)] IPersistentState<CellRecord> record, StateCopy copies, IGrainContext context,
    StorageHealth health, TimeProvider time, ILogger<CellGrain> logger) : Grain, ICellGrain, IStateOwner
{
    public Task<CellRecord> Describe(CancellationToken cancellationToken) => Task.FromResult(record.State);

    public async Task<CellRecord> Resume(string operationId, string actor, CancellationToken cancellationToken)
    {
        if (!record.State.SafeMode) return record.State;
        await Write(record.State with { SafeMode = false }, cancellationToken);
        LogResumed(record.State.Name, actor, operationId);
        return record.State;
    }

    public async Task<CellRecord> EnterSafeMode(string reason, CancellationToken cancellationToken)
    {
        if (record.State.SafeMode) return record.State;
        var next = record.State with
        {
            SafeMode = true,
            StoreIncarnation = record.State.StoreIncarnation + 1,
            RestoredAt = time.GetUtcNow(),
            RestoredFrom = reason,
        };
        await Write(next, cancellationToken);
        LogEntered(next.Name, reason);
        return next;
    }

    private async Task Write(CellRecord next, CancellationToken cancellationToken)
    {
        health.Require();
        var before = record.State;
        try
        {
            record.State = next;
            await record.WriteStateAsync(cancellationToken);
        }
        catch
        {
            // Whether it was written is unknown: the next activation reads it.
            record.State = before;
            DeactivateOnIdle();
            throw;
        }
    }

    public IAsyncEnumerable<StatePart> CopyState(CancellationToken cancellationToken) => copies.Parts(record).ToAsyncEnumerable();

    public Task<StateCheck> CheckState(CancellationToken cancellationToken) =>
        copies.Check(CellRecord.StateName, context.GrainId, record, cancellationToken);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Cell {Cell} enters safe mode: {Reason}")]
    private partial void LogEntered(string cell, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cell {Cell} leaves safe mode: {Actor} resumed it ({Operation})")]
    private partial void LogResumed(string cell, string actor, string operation);
}
