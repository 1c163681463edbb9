namespace OrleansScheduler.Gateway;

/// <summary>Asks the cell for what the page shows.</summary>
internal sealed class CellPageReader(
    IGrainFactory grains, CellDirectory cell, JobDirectory jobs, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int MaxRows = 200;
    private const int MaxTasks = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The page's content; a page that says so when the cell does not answer.</summary>
    public async Task<CellPageModel> Read(JobKey? chosen, CancellationToken cancellationToken)
    {
        if (!lifetime.ApplicationStarted.IsCancellationRequested) return Away();
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await ReadAll(chosen, either.Token);
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested && Failures.OfGrainCall(exception, HttpMethods.Get) is not null)
        {
            return Away();
        }
    }

    private CellPageModel Away() => new() { Now = time.GetUtcNow(), Trouble = "The cell cannot be reached just now." };

    private async Task<CellPageModel> ReadAll(JobKey? chosen, CancellationToken cancellationToken)
    {
        var summary = cell.Describe(cancellationToken);
        var firstJobs = jobs.Describe(after: null, role: null, environment: null, MaxRows, cancellationToken);
        var nodes = grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).ListNodes(cancellationToken);
        var tasks = chosen is { } job
            ? grains.GetGrain<IJobGrain>(job.ToString()).ListTasks(0, MaxTasks, cancellationToken)
            : Task.FromResult(ImmutableArray<TaskView>.Empty);
        await Task.WhenAll(summary, firstJobs, nodes, tasks);
        return new()
        {
            Now = time.GetUtcNow(),
            Cell = await summary,
            Jobs = (await firstJobs).Items,
            Chosen = chosen,
            Tasks = await tasks,
            Nodes = [.. (await nodes).Take(MaxRows)],
        };
    }
}
