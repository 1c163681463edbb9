namespace OrleansScheduler.Core;

/// <summary>Words what can be wrong with commands about updates.</summary>
public static class UpdateProblems
{
    /// <summary>The job has an update, and this has to wait for its end.</summary>
    public static Problem InProgress(JobKey job, UpdateState update) =>
        InProgress(job, update.FromVersion, update.ToVersion, update.StatusName);

    /// <summary>The job has an update, and this has to wait for its end.</summary>
    public static Problem InProgress(JobKey job, UpdateStanding update) =>
        InProgress(job, update.FromVersion, update.ToVersion, update.Status);

    /// <summary>The job has never been updated, or not to that version.</summary>
    public static Problem NotFound(JobKey job, int? update) => Problem.Of(
        ProblemKind.NotFound, "update-not-found",
        update is null ? $"{job} has no update." : $"{job} has no update {update} that is still remembered.");

    /// <summary>The update has ended.</summary>
    public static Problem NotActive(JobKey job, UpdateState update) => Problem.Of(
        ProblemKind.Conflict, "update-not-active",
        $"Update {update.ToVersion} of {job} has ended: it is {update.StatusName}, and only an active one can be changed.");

    /// <summary>Instances would have numbers that are too high.</summary>
    public static Problem NoRoom(JobKey job, int first) => Problem.Of(
        ProblemKind.Invalid, "instances-full",
        $"{job} has instances from {first} on, and none is above {JobLimits.MaxInstances - 1}: ask for fewer, or use another strategy.");

    private static Problem InProgress(JobKey job, int from, int to, string status) => Problem.Of(
        ProblemKind.Conflict, "update-in-progress",
        $"{job} is being updated from version {from} to {to} ({status}): wait until that has ended, or abort it.");
}
