namespace OrleansScheduler.Core;

/// <summary>What an instance in flight needs next.</summary>
public enum InstanceNeed
{
    /// <summary>Nothing any more: it is as it should be and has been for the watch time.</summary>
    Nothing,

    /// <summary>Time or news of its own.</summary>
    Patience,

    /// <summary>To exist.</summary>
    Creation,

    /// <summary>A fresh attempt of the version, for it has none that holds a node.</summary>
    Start,

    /// <summary>To be stopped and to come back as the version.</summary>
    Replacement,

    /// <summary>To be stopped for good.</summary>
    Removal,
}

/// <summary>Decides about one instance of an update (Aurora's InstanceUpdater). Pure.</summary>
public static class InstanceUpdate
{
    /// <summary>What the instance needs.</summary>
    /// <param name="task">Its record; null when it has none.</param>
    /// <param name="exists">Whether it is to exist when the update is through.</param>
    /// <param name="isAsWanted">Whether its attempt, or the successor of one that is being stopped, runs what it is to run.</param>
    /// <param name="watch">How long it has to run to count.</param>
    /// <param name="now">The time.</param>
    public static InstanceNeed Evaluate(ScheduledTask? task, bool exists, bool isAsWanted, TimeSpan watch, DateTimeOffset now)
    {
        if (!exists)
        {
            if (task is null || task.Status.IsTerminal()) return InstanceNeed.Nothing;
            return task.Status == ScheduleStatus.Killing ? InstanceNeed.Patience : InstanceNeed.Removal;
        }

        if (task is null) return InstanceNeed.Creation;
        if (task.Status.IsTerminal()) return InstanceNeed.Start;
        if (task.Status == ScheduleStatus.Killing) return InstanceNeed.Patience;
        if (isAsWanted)
            return task.IsUp && now - task.UpSince >= watch ? InstanceNeed.Nothing : InstanceNeed.Patience;
        if (!task.Status.HoldsNode()) return InstanceNeed.Start;
        return task.Status.IsStopping() ? InstanceNeed.Patience : InstanceNeed.Replacement;
    }

    /// <summary>
    /// When an update gives up an instance that runs and is not ready; null when it is ready, or has nothing to say about that. One that
    /// was ready and is not any more has the watch time besides: flapping is no way to keep an update waiting for good.
    /// </summary>
    public static DateTimeOffset? GivenUpAt(ScheduledTask task, HealthSpec? health, TimeSpan watch) =>
        task.IsUnready && health is { Readiness: not null }
            ? task.Since + health.TimeToBeReady + (task.Readiness!.Since is null ? TimeSpan.Zero : watch)
            : null;

    /// <summary>The version that the instance has, or will have when its attempt has been stopped.</summary>
    public static int VersionOf(ScheduledTask task) => task.NextVersion != 0 ? task.NextVersion : task.Version;
}
