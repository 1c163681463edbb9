using System.Threading.Channels;
using Protocol = OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Agent;

/// <summary>
/// The services that somebody on this node wants to know: those that tasks are told about, and those that were asked for by name lately.
/// The gateway keeps them up to date; while there is none, what was last heard stays.
/// </summary>
internal sealed class ServiceTable(TimeProvider time)
{
    /// <summary>Most services at once, as many as a gateway follows for one agent.</summary>
    public const int MostKnown = 256;

    /// <summary>How long a service is followed after it was last asked for.</summary>
    private static readonly TimeSpan KeepAsked = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<JobKey, Entry> _entries = [];
    private readonly Channel<bool> _wantsChanged =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>All that the gateway is to follow; what nobody has asked for in a while is dropped.</summary>
    public ImmutableArray<JobKey> Wanted()
    {
        lock (_lock)
        {
            foreach (var (key, entry) in _entries)
            {
                if (entry.Wants.Count == 0 && time.GetElapsedTime(entry.AskedAt) > KeepAsked) _entries.Remove(key);
            }

            return [.. _entries.Keys.Order()];
        }
    }

    /// <summary>Waits until <see cref="Wanted"/> may have changed.</summary>
    public async Task WantsChanged(CancellationToken cancellationToken) => await _wantsChanged.Reader.ReadAsync(cancellationToken);

    /// <summary>Takes what the gateway says. What nobody wants any more is passed over.</summary>
    public void Take(Protocol.Services message)
    {
        foreach (var state in message.Services_)
        {
            if (!JobKey.TryParse(state.Service, out var key)) continue;
            lock (_lock)
            {
                if (!_entries.TryGetValue(key, out var entry)) continue;
                entry.Snapshot = ServiceSnapshot.Of(state);
                entry.First.TrySetResult();
                foreach (var want in entry.Wants) want.Signal();
            }
        }
    }

    /// <summary>What is known of a service; null when nothing is.</summary>
    public ServiceSnapshot? Find(JobKey key)
    {
        lock (_lock) return _entries.GetValueOrDefault(key)?.Snapshot;
    }

    /// <summary>Follows services until what is returned is disposed, and tells it when one of them has changed.</summary>
    /// <remarks>What does not fit is not followed, so it stays unknown.</remarks>
    public ServiceWant Want(IEnumerable<JobKey> keys)
    {
        var want = new ServiceWant(this, [.. keys.Distinct()]);
        var isNew = false;
        lock (_lock)
        {
            foreach (var key in want.Keys)
            {
                if (Enter(key, ref isNew) is { } entry) entry.Wants.Add(want);
            }
        }

        if (isNew) _wantsChanged.Writer.TryWrite(true);
        return want;
    }

    /// <summary>What is known of a service, after a while if it was not known yet; null when nobody says anything in that time.</summary>
    public async Task<ServiceSnapshot?> Ask(JobKey key, TimeSpan patience, CancellationToken cancellationToken)
    {
        var isNew = false;
        Task first;
        lock (_lock)
        {
            if (Enter(key, ref isNew) is not { } entry) return null;
            entry.AskedAt = time.GetTimestamp();
            if (entry.Snapshot is { } known) return known;
            first = entry.First.Task;
        }

        if (isNew) _wantsChanged.Writer.TryWrite(true);
        try
        {
            await first.WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }

        return Find(key);
    }

    private Entry? Enter(JobKey key, ref bool isNew)
    {
        if (_entries.TryGetValue(key, out var known)) return known;
        if (_entries.Count >= MostKnown)
        {
            // Names that are made up must not push out what a task lives on.
            var oldest = _entries.Where(pair => pair.Value.Wants.Count == 0).OrderBy(pair => pair.Value.AskedAt)
                .Select(pair => (JobKey?)pair.Key).FirstOrDefault();
            if (oldest is not { } gone) return null;
            _entries.Remove(gone);
        }

        isNew = true;
        return _entries[key] = new() { AskedAt = time.GetTimestamp() };
    }

    private void End(ServiceWant want)
    {
        lock (_lock)
        {
            foreach (var key in want.Keys)
            {
                if (_entries.TryGetValue(key, out var entry)) entry.Wants.Remove(want);
            }
        }
    }

    private sealed class Entry
    {
        public HashSet<ServiceWant> Wants { get; } = [];

        public TaskCompletionSource First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ServiceSnapshot? Snapshot { get; set; }

        public long AskedAt { get; set; }
    }

    /// <summary>Somebody who wants to know services.</summary>
    internal sealed class ServiceWant(ServiceTable owner, ImmutableArray<JobKey> keys) : IDisposable
    {
        private readonly Channel<bool> _news =
            Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        /// <summary>Which.</summary>
        public ImmutableArray<JobKey> Keys => keys;

        /// <summary>Whether something is known of all of them.</summary>
        public bool IsComplete => keys.All(key => owner.Find(key) is not null);

        /// <summary>Waits until one of them has changed.</summary>
        public async Task Changed(CancellationToken cancellationToken) => await _news.Reader.ReadAsync(cancellationToken);

        /// <inheritdoc/>
        public void Dispose() => owner.End(this);

        internal void Signal() => _news.Writer.TryWrite(true);
    }
}
