namespace OrleansScheduler.Agent;

/// <summary>What has become of an attempt's task.</summary>
internal abstract record TaskState
{
    /// <summary>It runs.</summary>
    public sealed record Running : TaskState;

    /// <summary>It has ended, and it is known how.</summary>
    /// <param name="ExitCode">Exit code; null when a signal ended it.</param>
    /// <param name="Signal">The signal that ended it; null when it exited.</param>
    public sealed record Ended(int? ExitCode, int? Signal) : TaskState
    {
        /// <summary>Whether a process of it was killed because the task needed more memory than it may use.</summary>
        public bool OutOfMemory { get; init; }

        /// <summary>What its driver has to say about its end, for people; null when the numbers say it all.</summary>
        public string? Message { get; init; }

        /// <summary>Reads the number by which a shell or an engine says how something ended: 128 and the signal when one did.</summary>
        public static Ended FromCode(int code) => code is > SignalBase and <= SignalBase + HighestSignal
            ? new(null, code - SignalBase)
            : new(code, null);
    }

    /// <summary>Nobody knows how it ended, or it runs without a supervisor.</summary>
    /// <param name="Message">What its driver has to say about that, for people; null when nothing.</param>
    public sealed record Vanished(string? Message = null) : TaskState;

    private const int SignalBase = 128;
    private const int HighestSignal = 64;
}

/// <summary>What a task uses.</summary>
/// <param name="Cpu">Processor time of all its processes since its start.</param>
/// <param name="MemoryBytes">Memory that it has now, without what the kernel could take back at once.</param>
/// <param name="PeakMemoryBytes">Most memory that it had at once; 0 when that is not known.</param>
/// <param name="Processes">How many processes it has now.</param>
/// <param name="DiskReadBytes">Bytes read from block devices since its start; 0 when that is not known.</param>
/// <param name="DiskWrittenBytes">Bytes written to block devices since its start; 0 when that is not known.</param>
internal readonly record struct TaskUsage(
    TimeSpan Cpu, long MemoryBytes, long PeakMemoryBytes, int Processes, long DiskReadBytes, long DiskWrittenBytes);

/// <summary>A way to run tasks so that they outlive the agent. All it needs to know about one is on disk, or with whoever runs it, so any
/// later agent can go on with it.</summary>
internal interface ITaskDriver
{
    /// <summary>The value of <see cref="TaskSpec.Driver"/> that chooses it.</summary>
    string Name { get; }

    /// <summary>Gets ready what the start needs and what may take its time, such as an image.</summary>
    /// <exception cref="TaskStartException">It cannot be had.</exception>
    Task Prepare(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken);

    /// <summary>Starts an attempt. It exists when this completes.</summary>
    /// <exception cref="TaskStartException">It could not be started.</exception>
    Task Start(Attempt attempt, TaskEnvironment environment, CancellationToken cancellationToken);

    /// <summary>Finds an attempt that another agent has started; false when it never came to that.</summary>
    Task<bool> Attach(Attempt attempt, CancellationToken cancellationToken);

    /// <summary>What has become of it.</summary>
    Task<TaskState> Observe(Attempt attempt, CancellationToken cancellationToken);

    /// <summary>Completes when it no longer runs, with what has become of it.</summary>
    Task<TaskState> Wait(Attempt attempt, CancellationToken cancellationToken);

    /// <summary>Sends a signal to its main process and all in that one's group; false when it has not come so far or has ended.</summary>
    Task<bool> Signal(Attempt attempt, int signal, CancellationToken cancellationToken);

    /// <summary>Ends every process that belongs to it, and completes when none is left and nothing of it is held any more.</summary>
    /// <returns>How many could not be ended within the time that this takes at most.</returns>
    Task<int> Kill(Attempt attempt, CancellationToken cancellationToken);

    /// <summary>What it uses; null when that cannot be told.</summary>
    Task<TaskUsage?> Stats(Attempt attempt, CancellationToken cancellationToken);

    /// <summary>Runs a command where the task runs, and ends it when the wait for it is given up.</summary>
    /// <returns>Its exit code; null when the task has no place of its own, and the command can run on the node as it is.</returns>
    Task<int?> Run(Attempt attempt, ImmutableArray<string> command, CancellationToken cancellationToken) => Task.FromResult<int?>(null);

    /// <summary>Begins a command of somebody where the task runs; null when the task does not run, or not yet.</summary>
    /// <exception cref="TaskStartException">It cannot be begun.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">The node cannot start what begins it.</exception>
    /// <exception cref="IOException">The node has no terminal for it.</exception>
    Task<IEnteredCommand?> Enter(Attempt attempt, TaskEnvironment environment, EnterRequest request, CancellationToken cancellationToken);
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
