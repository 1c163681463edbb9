using System.Threading.Channels;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway;

/// <summary>The services that one agent wants to know, and which of them it has yet to be told about.</summary>
internal sealed class AgentServices(ServiceFollower follower)
{
    /// <summary>Most services that one agent follows; it is told nothing of more.</summary>
    public const int MaxFollowed = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<JobKey, IDisposable> _followed = [];
    private readonly HashSet<JobKey> _news = [];
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _isOver;

    /// <summary>What the agent wants from now on.</summary>
    public void Follow(FollowServices message)
    {
        var wanted = new HashSet<JobKey>();
        foreach (var name in message.Services)
        {
            if (wanted.Count < MaxFollowed && JobKey.TryParse(name, out var key)) wanted.Add(key);
        }

        lock (_lock)
        {
            if (_isOver) return;
            foreach (var key in _followed.Keys.Where(key => !wanted.Contains(key)).ToList())
            {
                _followed.Remove(key, out var following);
                following!.Dispose();
            }

            foreach (var key in wanted.Where(key => !_followed.ContainsKey(key)))
            {
                if (follower.Follow(key, () => Note(key)) is { } following) _followed[key] = following;
            }
        }
    }

    /// <summary>Waits for news and gives the next message; null when nobody is told any more.</summary>
    public async Task<ToAgent?> Next(CancellationToken cancellationToken)
    {
        while (await _signal.Reader.WaitToReadAsync(cancellationToken))
        {
            _signal.Reader.TryRead(out _);

            // One service a message: each is bounded, many together are not.
            if (Take() is not { } key) continue;
            _signal.Writer.TryWrite(true);
            if (follower.Current(key) is { } current)
                return new() { Services = new() { Services_ = { AgentMessages.Write(key, current) } } };
        }

        return null;
    }

    /// <summary>Nobody is told any more.</summary>
    public void End()
    {
        lock (_lock)
        {
            _isOver = true;
            foreach (var following in _followed.Values) following.Dispose();
            _followed.Clear();
        }

        _signal.Writer.TryComplete();
    }

    private void Note(JobKey key)
    {
        lock (_news) _news.Add(key);
        _signal.Writer.TryWrite(true);
    }

    private JobKey? Take()
    {
        lock (_news)
        {
            if (_news.Count == 0) return null;
            var key = _news.First();
            _news.Remove(key);
            return key;
        }
    }
}
