namespace OrleansScheduler.Silo;

/// <summary>
/// What a node grain believes its agent to know: attempts with the sequence of their last durable report. Only ever a copy.
/// </summary>
internal sealed class NodeAttempts
{
    /// <summary>Mismatches in a row before the agent is asked for everything: one or two are reports that are just under way.</summary>
    private const int Patience = 3;

    /// <summary>By what the digest makes of an attempt's name: the names themselves would take more memory than all else here.</summary>
    private readonly Dictionary<ulong, long> _sequences = [];
    private int _mismatches;

    public ulong Digest { get; private set; }

    public int Count => _sequences.Count;

    /// <summary>Whether this is all that the agent knows, and not only what of it a job has taken note of.</summary>
    public bool IsComplete { get; set; }

    public bool Contains(AttemptId attempt) => _sequences.ContainsKey(KeyOf(attempt));

    public void Clear()
    {
        _sequences.Clear();
        Digest = 0;
        _mismatches = 0;
        IsComplete = false;
    }

    public void Set(AttemptReport report)
    {
        Remove(report.Attempt);
        if (report.Status.IsTerminal()) return;   // the agent forgets it once it has our word
        _sequences[KeyOf(report.Attempt)] = report.Sequence;
        Digest += Core.Digest.Of(report.Attempt, report.Sequence);
    }

    public void Remove(AttemptId attempt)
    {
        if (_sequences.Remove(KeyOf(attempt), out var sequence)) Digest -= Core.Digest.Of(attempt, sequence);
    }

    /// <summary>Whether the agent's digest can still be explained by messages under way.</summary>
    public bool Agrees(ulong digest)
    {
        _mismatches = digest == Digest ? 0 : _mismatches + 1;
        return _mismatches < Patience;
    }

    private static ulong KeyOf(AttemptId attempt) => Core.Digest.Of(attempt, 0);
}
