namespace OrleansScheduler.Core;

/// <summary>Something that happens to a task: the status it is to enter, and what is known about it.</summary>
/// <param name="To">The status to enter.</param>
/// <param name="At">When.</param>
public readonly record struct TaskEvent(ScheduleStatus To, DateTimeOffset At)
{
    /// <summary>Why, for people.</summary>
    public string? Message { get; init; }

    /// <summary>The node, when <see cref="To"/> is ASSIGNED.</summary>
    public string? Node { get; init; }

    /// <summary>The ports there, when <see cref="To"/> is ASSIGNED.</summary>
    public ImmutableArray<int> Ports { get; init; }

    /// <summary>The GPUs there, when <see cref="To"/> is ASSIGNED.</summary>
    public ImmutableArray<int> Devices { get; init; }

    /// <summary>The items of sets there, when <see cref="To"/> is ASSIGNED.</summary>
    public ImmutableArray<string> Items { get; init; }

    /// <summary>Session of the node, when <see cref="To"/> is ASSIGNED.</summary>
    public long Generation { get; init; }

    /// <summary>Sequence of the agent's report; 0 when this is none.</summary>
    public long Sequence { get; init; }

    /// <summary>Exit code, when the agent says one.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Signal, when the agent says one.</summary>
    public int? Signal { get; init; }

    /// <summary>Whether its readiness probe says that it takes work; null when it has none, or the agent does not say.</summary>
    public bool? IsReady { get; init; }

    /// <summary>Version that a successor is to run; 0 for the same.</summary>
    public int NextVersion { get; init; }
}

/// <summary>What of the job's spec decides about its tasks.</summary>
/// <param name="IsService">Whether every end is followed by a new attempt.</param>
/// <param name="Retry">How failures are retried.</param>
/// <param name="Jitter">A number from 0 to below 1 that spreads penalties, drawn by the caller.</param>
public readonly record struct TaskPolicy(bool IsService, RetryPolicy Retry, double Jitter);

/// <summary>What has to be done because of a transition, beyond recording it.</summary>
[Flags]
public enum TaskEffects
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The agent is told to start the attempt.</summary>
    Launch = 1,

    /// <summary>The agent is told to stop the attempt.</summary>
    Kill = 2,

    /// <summary>The failure counts.</summary>
    CountFailure = 4,

    /// <summary>A new attempt follows.</summary>
    Reschedule = 8,

    /// <summary>The state is only passed through on the way to LOST.</summary>
    BecomeLost = 16,

    /// <summary>The record is removed without a trace.</summary>
    Delete = 32,

    /// <summary>A new attempt follows if the job is a service.</summary>
    RescheduleService = 64,

    /// <summary>A new attempt follows if the job is a service or has failures left.</summary>
    RescheduleFailed = 128,

    /// <summary>A new attempt follows unless the attempt was asked to stop for good.</summary>
    RescheduleUnlessKilled = 256,
}

/// <summary>What became of a task.</summary>
/// <param name="Steps">The states it went through, in order, without history; empty when nothing changed.</param>
/// <param name="Effects">LAUNCH, KILL and DELETE, as they are to be carried out; they are about the attempt as it was before a
/// successor.</param>
/// <param name="IsLegal">Whether the machine has this edge.</param>
public readonly record struct Transition(ImmutableArray<ScheduledTask> Steps, TaskEffects Effects, bool IsLegal);
