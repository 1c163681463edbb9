namespace OrleansScheduler.Core;

/// <summary>A node's session ended in silence.</summary>
/// <param name="Node">The node.</param>
/// <param name="Generation">The session, and with it all earlier ones.</param>
/// <param name="MayReplace">Whether its tasks may be given up; not while so many nodes are lost that something else must be wrong.</param>
/// <param name="LeaseEnded">Whether its agent has surely ended all strict tasks of that session by now.</param>
public readonly record struct NodeLoss(string Node, long Generation, bool MayReplace, bool LeaseEnded);

/// <summary>
/// What nodes have told one job about their loss. Only ever a copy: whoever is new knows of none, gives nothing up, and is told again.
/// </summary>
public sealed class NodeLosses
{
    private readonly Dictionary<string, NodeLoss> _byNode = new(StringComparer.Ordinal);

    /// <summary>Takes news over; false when the job has heard of a later session.</summary>
    public bool Apply(NodeLoss loss)
    {
        if (_byNode.TryGetValue(loss.Node, out var known) && loss.Generation < known.Generation) return false;
        _byNode[loss.Node] = loss;
        return true;
    }

    /// <summary>The node spoke in a session: losses of earlier ones are over.</summary>
    /// <param name="node">The node.</param>
    /// <param name="generation">The session.</param>
    /// <param name="isOfEarlier">
    /// Whether it spoke of a task of an earlier session. Only then can the word of a loss that comes late do harm, and a line is worth it.
    /// </param>
    public void Heard(string node, long generation, bool isOfEarlier)
    {
        if (_byNode.TryGetValue(node, out var known) ? known.Generation < generation : isOfEarlier)
            _byNode[node] = new NodeLoss(node, generation, MayReplace: false, LeaseEnded: false);
    }

    /// <summary>Whether a task may be replaced although nobody knows how it ended.</summary>
    /// <param name="task">The task.</param>
    /// <param name="strict">Whether it must not run twice.</param>
    public bool MayReplace(ScheduledTask task, bool strict) =>
        task.Node is not null && _byNode.TryGetValue(task.Node, out var loss)
        && task.Generation <= loss.Generation && loss.MayReplace && (loss.LeaseEnded || !strict);
}
