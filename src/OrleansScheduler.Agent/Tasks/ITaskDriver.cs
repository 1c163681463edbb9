namespace OrleansScheduler.Agent;

/// <summary>What is known of an attempt's main process.</summary>
internal abstract record TaskState
{
    /// <summary>It runs.</summary>
    public sealed record Running : TaskState;

    /// <summary>It has ended and its supervisor has recorded how.</summary>
    /// <param name="Code">Exit code; 128 and the signal when one ended it.</param>
    public sealed record Ended(int Code) : TaskState;

    /// <summary>Its supervisor is gone without a record: nobody knows how it ended, or it runs without one.</summary>
    public sealed record Vanished : TaskState;
}

/// <summary>A way to run tasks so that they outlive the agent. All it needs to know about one is on disk, so any later agent can go on
/// with it.</summary>
internal interface ITaskDriver
{
    /// <summary>The value of <see cref="TaskSpec.Driver"/> that chooses it.</summary>
    string Name { get; }

    /// <summary>Starts an attempt. It exists when this returns.</summary>
    /// <exception cref="TaskStartException">It could not be started.</exception>
    void Start(Attempt attempt, TaskEnvironment environment);

    /// <summary>Finds an attempt that another agent has started; false when it never came to that.</summary>
    bool Attach(Attempt attempt);

    /// <summary>What has become of it.</summary>
    TaskState Observe(Attempt attempt);

    /// <summary>Sends a signal to its main process and all in that one's group; false when it has not come so far or has ended.</summary>
    bool Signal(Attempt attempt, int signal);

    /// <summary>Ends every process that belongs to it, and returns when none is left.</summary>
    /// <returns>How many could not be ended within the time that this takes at most.</returns>
    Task<int> Kill(Attempt attempt, CancellationToken cancellationToken);
}

/// <summary>A task could not be started; the message is for its owner.</summary>
internal sealed class TaskStartException : Exception
{
    public TaskStartException()
    {
    }

    public TaskStartException(string message) : base(message)
    {
    }

    public TaskStartException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
