namespace OrleansScheduler.Client;

/// <content>Questions about the cell as a whole.</content>
public sealed partial class SchedulerClient
{
    /// <summary>The cell at a glance.</summary>
    public Task<Answer<CellView>> DescribeCellAsync(CancellationToken cancellationToken = default) =>
        ReadAsync<CellView>("v1/cell", cancellationToken);

    /// <summary>Ends safe mode.</summary>
    public Task<Answer<CellView>> ResumeCellAsync(string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CellView>("v1/cell/resume", body: null, operationId, cancellationToken);
}
