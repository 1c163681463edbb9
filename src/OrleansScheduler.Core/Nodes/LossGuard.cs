namespace OrleansScheduler.Core;

/// <summary>When the loss of nodes is a mass loss, and what happens then.</summary>
/// <param name="Share">Share of all nodes, above 0, up to 1.</param>
/// <param name="AtLeast">How many it must be besides.</param>
/// <param name="Window">Time in which they are lost.</param>
/// <param name="Pace">Time between two nodes whose tasks are given up during one.</param>
public sealed record MassLossRules(double Share, int AtLeast, TimeSpan Window, TimeSpan Pace)
{
    /// <summary>How long after the start of the ledger it waits at most for nodes that are coming back. Default: not at all.</summary>
    public TimeSpan ReregisterWithin { get; init; }

    /// <summary>Time without one that comes back after which those that are missing then are taken for lost.</summary>
    public TimeSpan ReregisterPause { get; init; }
}

/// <summary>
/// Slows the giving up of nodes down when so many are lost at once that it is rather the network, a store or the cell itself that fails:
/// replacing all their tasks would make it worse. Opens by itself.
/// </summary>
/// <remarks>
/// As Mesos' <c>agent_removal_rate_limit</c> and Kubernetes' eviction rates. After the start of a ledger nobody is given up as long as
/// nodes are coming back: a silent one may be queueing for its turn to register, as with Mesos' <c>agent_reregister_timeout</c>, but for no
/// longer than that goes on. Not thread-safe. Times are since the start of the ledger.
/// </remarks>
public sealed class LossGuard(MassLossRules rules)
{
    private readonly Dictionary<string, Loss> _lost = new(StringComparer.Ordinal);
    private readonly Queue<(string Node, TimeSpan At)> _recent = [];
    private TimeSpan? _next;
    private TimeSpan? _returned;
    private int _slowed;

    private enum Loss
    {
        New,
        Slowed,
        Permitted,
    }

    /// <summary>Nodes that were lost within the window.</summary>
    public int Recent => _recent.Count;

    /// <summary>Whether tasks of lost nodes wait to be given up.</summary>
    public bool IsClosed => _slowed > 0;

    /// <summary>Nodes whose tasks wait to be given up.</summary>
    public int Slowed => _slowed;

    /// <summary>A node was lost long ago and does not count.</summary>
    public void Know(string node) => _lost[node] = Loss.Permitted;

    /// <summary>A node has registered, again or for the first time.</summary>
    public void Registered(TimeSpan now) => _returned = now;

    /// <summary>A node is back.</summary>
    public void Back(string node)
    {
        if (_lost.Remove(node, out var loss) && loss == Loss.Slowed) _slowed--;
    }

    /// <summary>Whether the tasks of a lost node may be given up now. Once true, it stays so until the node is back.</summary>
    public bool MayReplace(string node, int nodes, TimeSpan now)
    {
        if (!_lost.TryGetValue(node, out var loss))
        {
            if (AreComingBack(now)) return false;
            _recent.Enqueue((node, now));
            _lost[node] = loss = Loss.New;
        }

        if (loss == Loss.Permitted) return true;
        while (_recent.TryPeek(out var oldest) && now - oldest.At > rules.Window) _recent.Dequeue();
        if (loss == Loss.New && _recent.Count >= rules.AtLeast && _recent.Count > rules.Share * nodes)
        {
            _lost[node] = loss = Loss.Slowed;
            _slowed++;
            _next ??= now + rules.Pace;
        }

        if (loss == Loss.Slowed)
        {
            if (now < _next) return false;
            _next = --_slowed > 0 ? now + rules.Pace : null;
        }

        _lost[node] = Loss.Permitted;
        return true;
    }

    private bool AreComingBack(TimeSpan now) => now < rules.ReregisterWithin && now - _returned < rules.ReregisterPause;
}
