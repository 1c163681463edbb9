namespace OrleansScheduler.Core;

/// <summary>
/// Where a task is in its life. The states and their edges are Aurora's (api.thrift ScheduleStatus; edges in <c>TaskMachine</c>).
/// </summary>
public enum ScheduleStatus
{
    /// <summary>Does not exist yet.</summary>
    Init,

    /// <summary>Waits out a penalty because its forerunner ended too soon.</summary>
    Throttled,

    /// <summary>Waits for a node.</summary>
    Pending,

    /// <summary>Has a node; the agent has not answered yet.</summary>
    Assigned,

    /// <summary>The agent is starting it, or it is not healthy yet.</summary>
    Starting,

    /// <summary>Runs and is well.</summary>
    Running,

    /// <summary>Is being stopped to make room for another.</summary>
    Preempting,

    /// <summary>Is being stopped to be started again.</summary>
    Restarting,

    /// <summary>Is being stopped because its node is drained.</summary>
    Draining,

    /// <summary>Is being stopped for good.</summary>
    Killing,

    /// <summary>Its node cannot be reached.</summary>
    Partitioned,

    /// <summary>Ended with exit code 0.</summary>
    Finished,

    /// <summary>Ended by itself with another exit code, or was not healthy.</summary>
    Failed,

    /// <summary>Ended because it was asked to.</summary>
    Killed,

    /// <summary>Nobody knows how it ended.</summary>
    Lost,
}

/// <summary>The groups of states that rules speak of.</summary>
public static class ScheduleStatusExtensions
{
    /// <summary>FINISHED, FAILED, KILLED or LOST: nothing follows but deletion.</summary>
    public static bool IsTerminal(this ScheduleStatus status) => status >= ScheduleStatus.Finished;

    /// <summary>Neither terminal nor INIT: the instance takes its place in the job.</summary>
    public static bool IsActive(this ScheduleStatus status) => status is > ScheduleStatus.Init and < ScheduleStatus.Finished;

    /// <summary>Holds resources of a node.</summary>
    public static bool HoldsNode(this ScheduleStatus status) => status is >= ScheduleStatus.Assigned and < ScheduleStatus.Finished;

    /// <summary>Is being stopped: PREEMPTING, RESTARTING, DRAINING or KILLING.</summary>
    public static bool IsStopping(this ScheduleStatus status) => status is >= ScheduleStatus.Preempting and <= ScheduleStatus.Killing;

    /// <summary>The name as Aurora writes it: upper case.</summary>
    public static string ToName(this ScheduleStatus status) => status switch
    {
        ScheduleStatus.Init => "INIT",
        ScheduleStatus.Throttled => "THROTTLED",
        ScheduleStatus.Pending => "PENDING",
        ScheduleStatus.Assigned => "ASSIGNED",
        ScheduleStatus.Starting => "STARTING",
        ScheduleStatus.Running => "RUNNING",
        ScheduleStatus.Preempting => "PREEMPTING",
        ScheduleStatus.Restarting => "RESTARTING",
        ScheduleStatus.Draining => "DRAINING",
        ScheduleStatus.Killing => "KILLING",
        ScheduleStatus.Partitioned => "PARTITIONED",
        ScheduleStatus.Finished => "FINISHED",
        ScheduleStatus.Failed => "FAILED",
        ScheduleStatus.Killed => "KILLED",
        ScheduleStatus.Lost => "LOST",
        _ => throw new InvariantException($"unknown status {(int)status}"),
    };
}
