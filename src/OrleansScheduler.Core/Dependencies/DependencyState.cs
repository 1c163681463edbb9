namespace OrleansScheduler.Core;

/// <summary>How a job stands that another one waits for (<see cref="JobSpec.After"/>).</summary>
public enum DependencyState
{
    /// <summary>There is no such job yet.</summary>
    Missing,

    /// <summary>It is not there yet, but on its way.</summary>
    Pending,

    /// <summary>It has succeeded: a batch job has finished, of a cron job the last run has, a service runs.</summary>
    Met,

    /// <summary>It failed or was stopped. Who waits for it goes on waiting: it may be started again.</summary>
    Failed,
}
