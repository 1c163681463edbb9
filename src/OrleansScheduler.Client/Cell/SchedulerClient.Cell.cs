namespace OrleansScheduler.Client;

/// <content>Questions about the cell as a whole.</content>
public sealed partial class SchedulerClient
{
    /// <summary>The cell at a glance.</summary>
    public Task<Answer<CellView>> DescribeCellAsync(CancellationToken cancellationToken = default) =>
        ReadAsync<CellView>("v1/cell", cancellationToken);
}
