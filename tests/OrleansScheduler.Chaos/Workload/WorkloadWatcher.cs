namespace OrleansScheduler.Chaos;

/// <summary>
/// Somebody who follows what happens in the cell, page by page, each through some gateway, and writes down where in the feed each event
/// stood.
/// </summary>
internal sealed class WorkloadWatcher(string name, ClusterDriver cluster, History history, int seed)
    : Requester(name, cluster, history, seed)
{
    private const int PageSize = 200;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private readonly ImmutableArray<string>.Builder _cursors = ImmutableArray.CreateBuilder<string>();

    /// <summary>The events' cursors in the order in which they were read; <see cref="EventCheck.Gap"/> where the cell said that some are
    /// missing.</summary>
    public ImmutableArray<string> Cursors => _cursors.ToImmutable();

    public async Task Run(CancellationToken cancellationToken)
    {
        string? after = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var answer = await Gateway().ListEventsAsync(after, PageSize, LongestWait, CancellationToken.None);
            if (answer.Value is { } page)
            {
                foreach (var e in page.Events) _cursors.Add(e.Cursor);
                after = page.Cursor;
            }
            else if (answer.Problem!.Kind == ProblemKind.Expired)
            {
                _cursors.Add(EventCheck.Gap);
                after = null;
            }
            else
            {
                await Task.Delay(Again, TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
