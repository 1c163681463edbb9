namespace OrleansScheduler.Gateway;

/// <summary>
/// Keeps the services up to date that somebody wants to hear of. All of them hang on one reader of the cell's events: an event only says
/// that a service is to be read again, so that late, doubled and lost ones do no harm.
/// </summary>
internal sealed partial class ServiceFollower(
    ServiceDirectory directory, NodeHosts hosts, EventFeed feed, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<ServiceFollower> logger) : IDisposable
{
    /// <summary>Most services that one gateway follows.</summary>
    public const int MaxFollowed = 10_000;

    /// <summary>Most readings under way.</summary>
    private const int MaxReadings = 16;

    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Shortest time between two readings of one service: a start of many instances is told in few messages.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Events are held in memory only. The feed says when some are lost with a silo, and all the same what was not read for so long is read
    /// again.
    /// </summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<JobKey, Followed> _followed = [];
    private readonly SemaphoreSlim _readings = new(MaxReadings);
    private bool _running;

    /// <summary>Follows a service until what is returned is disposed; null when too many are followed.</summary>
    /// <param name="key">The service. It need not exist yet.</param>
    /// <param name="changed">Told whenever <see cref="Current"/> has changed. Must only take a note.</param>
    public IDisposable? Follow(JobKey key, Action changed)
    {
        var follower = new Following(this, key, changed);
        bool isFirst;
        lock (_lock)
        {
            if (!_followed.TryGetValue(key, out var followed))
            {
                if (_followed.Count >= MaxFollowed) return null;
                _followed[key] = followed = new Followed(key);
                Touch(followed);
            }

            followed.Followers.Add(follower);
            isFirst = !_running;
            _running = true;
        }

        if (isFirst) _ = Task.Run(Run);
        changed();
        return follower;
    }

    /// <summary>What is known of a followed service; null when nothing is yet.</summary>
    public Answer<ServiceView>? Current(JobKey key)
    {
        lock (_lock) return _followed.GetValueOrDefault(key)?.Current;
    }

    public void Dispose() => _readings.Dispose();

    private async Task Run()
    {
        var stopping = lifetime.ApplicationStopping;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                // Whatever came before the end of the feed is in what is read after it.
                var end = await feed.ReadEnd(stopping);
                TouchAll(TimeSpan.Zero);
                await foreach (var page in feed.Watch(end, Look, stopping))
                {
                    if (page.Value is { } news) Note(news.Events);
                    TouchAll(Trust);
                    if (IsDone()) return;
                }
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                LogNoEvents(e.Message);
                await Task.Delay(Pause, time, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private bool IsDone()
    {
        lock (_lock)
        {
            _running = _followed.Count > 0;
            return !_running;
        }
    }

    private void Note(ImmutableArray<EventView> events)
    {
        lock (_lock)
        {
            foreach (var happened in events)
            {
                if (happened is { Kind: "task" or "job", Job: { } job })
                {
                    if (_followed.TryGetValue(job, out var followed)) Touch(followed);
                }
                else if (happened is { Kind: "node", Status: "REGISTERED", Node: { } node })
                {
                    // It may have another host now.
                    hosts.Forget(node);
                    foreach (var there in _followed.Values.Where(followed => followed.IsOn(node))) Touch(there);
                }
                else if (happened is { Status: EventView.EventsMissing, Job: null })
                {
                    foreach (var any in _followed.Values) Touch(any);
                }
            }
        }
    }

    private void TouchAll(TimeSpan age)
    {
        lock (_lock)
        {
            foreach (var followed in _followed.Values)
            {
                if (time.GetElapsedTime(followed.ReadAt) >= age) Touch(followed);
            }
        }
    }

    /// <summary>Has a service read again. Called with the lock held.</summary>
    private void Touch(Followed followed)
    {
        followed.IsStale = true;
        if (followed.IsReading) return;
        followed.IsReading = true;
        _ = Task.Run(() => Read(followed));
    }

    private async Task Read(Followed followed)
    {
        while (true)
        {
            lock (_lock)
            {
                followed.IsReading = followed is { IsStale: true, Followers.Count: > 0 }
                    && !lifetime.ApplicationStopping.IsCancellationRequested;
                if (!followed.IsReading) return;
                followed.IsStale = false;
                followed.ReadAt = time.GetTimestamp();
            }

            var answer = await Ask(followed.Key);
            var failed = answer.Problem?.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown;
            List<Following> followers = [];
            lock (_lock)
            {
                followed.IsStale |= failed;

                // What was known stays true until somebody says otherwise.
                if (!failed && !followed.Says(answer))
                {
                    followed.Current = answer;
                    followers.AddRange(followed.Followers);
                }
            }

            foreach (var follower in followers) follower.Changed();
            await Task.Delay(failed ? Pause : Pace, time, CancellationToken.None);
        }
    }

    private async Task<Answer<ServiceView>> Ask(JobKey key)
    {
        await _readings.WaitAsync();
        using var deadline = new CancellationTokenSource(ReadDeadline, time);
        try
        {
            return await directory.Describe(key, deadline.Token).WaitAsync(ReadDeadline, time);
        }
        catch (Exception e)
        {
            return Failures.OfGrainCall(e, HttpMethods.Get) ?? Problem.Of(ProblemKind.Unavailable, "unavailable", e.Message);
        }
        finally
        {
            _readings.Release();
        }
    }

    private void End(Following follower, JobKey key)
    {
        lock (_lock)
        {
            if (!_followed.TryGetValue(key, out var followed)) return;
            followed.Followers.Remove(follower);
            if (followed.Followers.Count == 0) _followed.Remove(key);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events of the cell cannot be followed for services: {Reason}")]
    private partial void LogNoEvents(string reason);

    private sealed class Followed(JobKey key)
    {
        public JobKey Key => key;

        public HashSet<Following> Followers { get; } = [];

        public Answer<ServiceView>? Current { get; set; }

        public bool IsStale { get; set; }

        public bool IsReading { get; set; }

        public long ReadAt { get; set; }

        public bool Says(Answer<ServiceView> answer) => Current is { } current
            && current.Value?.Cursor == answer.Value?.Cursor && current.Problem?.Code == answer.Problem?.Code;

        public bool IsOn(string node) => Current?.Value?.Instances.Any(one => one.Node == node) ?? false;
    }

    private sealed class Following(ServiceFollower owner, JobKey key, Action changed) : IDisposable
    {
        public void Changed() => changed();

        public void Dispose() => owner.End(this, key);
    }
}
