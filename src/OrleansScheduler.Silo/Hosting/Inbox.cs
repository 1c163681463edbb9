namespace OrleansScheduler.Silo;

/// <summary>
/// Lets a grain work at its own pace: what arrives while a round is under way is taken together by the next. Used only on the grain's own
/// scheduler.
/// </summary>
/// <typeparam name="T">What arrives.</typeparam>
/// <param name="round">Deals with everything that has arrived. When it throws, the inbox is broken: every item fails and nothing more is
/// taken.</param>
/// <param name="limit">Most items that may wait.</param>
/// <param name="atOnce">Most items of one round.</param>
internal sealed class Inbox<T>(Func<IReadOnlyList<T>, Task> round, int limit = 10_000, int atOnce = int.MaxValue)
{
    private readonly Queue<(List<T> Items, TaskCompletionSource Done)> _full = [];
    private List<T> _waiting = [];
    private TaskCompletionSource _done = New();
    private int _count;
    private bool _running;
    private Exception? _broken;

    /// <summary>Adds an item; completes when the round that took it has ended.</summary>
    /// <exception cref="OverloadedException">Too many items wait.</exception>
    public Task Post(T item)
    {
        if (_broken is not null) return Task.FromException(_broken);
        if (_count >= limit) return Task.FromException(new OverloadedException($"More than {limit} requests wait."));
        if (_waiting.Count >= atOnce)
        {
            _full.Enqueue((_waiting, _done));
            (_waiting, _done) = ([], New());
        }

        _count++;
        _waiting.Add(item);
        var done = _done.Task;
        if (!_running)
        {
            _running = true;
            _ = Run();
        }

        return done;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether anybody waits for it or not, the failure counts as seen.</summary>
    private static void Fail(TaskCompletionSource source, Exception failure)
    {
        source.SetException(failure);
        _ = source.Task.Exception;
    }

    private async Task Run()
    {
        await Task.Yield();   // whatever else is already queued for this grain joins the first round
        while (_count > 0)
        {
            var (items, done) = Take();
            try
            {
                await round(items);
                done.SetResult();
            }
            catch (Exception e)
            {
                _broken = e;
                Fail(done, e);
                Fail(_done, e);
                while (_full.TryDequeue(out var next)) Fail(next.Done, e);
                return;
            }
        }

        _running = false;
    }

    private (List<T> Items, TaskCompletionSource Done) Take()
    {
        if (!_full.TryDequeue(out var taken))
        {
            taken = (_waiting, _done);
            (_waiting, _done) = ([], New());
        }

        _count -= taken.Items.Count;
        return taken;
    }
}
