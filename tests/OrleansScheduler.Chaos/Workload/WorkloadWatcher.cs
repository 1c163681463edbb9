namespace OrleansScheduler.Chaos;

/// <summary>Somebody who follows what happens in the cell, page by page, each through some gateway.</summary>
internal sealed class WorkloadWatcher(string name, ClusterDriver cluster, History history, int seed)
    : Requester(name, cluster, history, seed)
{
    private const int PageSize = 200;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private readonly ImmutableArray<SeenEvent>.Builder _seen = ImmutableArray.CreateBuilder<SeenEvent>();

    /// <summary>What was read, in that order.</summary>
    public ImmutableArray<SeenEvent> Seen => _seen.ToImmutable();

    public async Task Run(CancellationToken cancellationToken)
    {
        string? after = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var answer = await Gateway().ListEventsAsync(after, PageSize, LongestWait, CancellationToken.None);
            if (answer.Value is { } page)
            {
                foreach (var e in page.Events) _seen.Add(new(BootClock.Now, e.Cursor, e));
                after = page.Cursor;
            }
            else if (answer.Problem!.Kind == ProblemKind.Expired)
            {
                _seen.Add(new(BootClock.Now, EventCheck.Gap, Event: null));
                after = null;
            }
            else
            {
                await Task.Delay(Again, TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
