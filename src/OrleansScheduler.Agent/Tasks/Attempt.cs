namespace OrleansScheduler.Agent;

/// <summary>One attempt while the agent knows it.</summary>
/// <param name="directory">Where it lies on disk.</param>
/// <param name="record">What the disk says.</param>
/// <param name="spec">What it runs; null when it is never to run.</param>
internal sealed class Attempt(AttemptDirectory directory, AttemptRecord record, TaskSpec? spec)
{
    private readonly TaskCompletionSource _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Its name.</summary>
    public AttemptId Id => Directory.Attempt;

    /// <summary>Where it lies on disk.</summary>
    public AttemptDirectory Directory { get; } = directory;

    /// <summary>What it runs; null when it is never to run.</summary>
    public TaskSpec? Spec { get; } = spec;

    /// <summary>What is known of it. Changed only by <see cref="AttemptTable"/>.</summary>
    public AttemptRecord Record { get; set; } = record;

    /// <summary>Its supervisor, once it has one.</summary>
    public ProcessStat? Supervisor { get; set; }

    /// <summary>Whether this agent has started its supervisor, and so has to collect it.</summary>
    public bool IsChild { get; set; }

    /// <summary>Until when a strict attempt may be started, see <see cref="NodeLease.Now"/>.</summary>
    public long StartBy { get; init; }

    /// <summary>The port of a name; null when the spec has no such name.</summary>
    public int? PortOf(string name) => Spec is not null && Spec.Ports.IndexOf(name) is >= 0 and var index ? Record.Ports[index] : null;

    /// <summary>Completes when the agent is to end the attempt; the record says why.</summary>
    public Task StopRequested => _stopRequested.Task;

    /// <summary>Lets whoever looks after the attempt know that the record asks for its end.</summary>
    public void SignalStop() => _stopRequested.TrySetResult();
}
