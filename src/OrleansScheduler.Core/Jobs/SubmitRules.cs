namespace OrleansScheduler.Core;

/// <summary>What of a job that exists decides what a submit does to it.</summary>
/// <param name="Spec">The spec that it is or is becoming.</param>
/// <param name="Stopped">Whether a user stopped it.</param>
/// <param name="Active">Whether any instance of it is active.</param>
/// <param name="Update">Version and spec that a running update goes to; null when none is under way.</param>
/// <param name="Waiting">Whether other jobs have to succeed before it starts.</param>
public sealed record JobStanding(JobSpec Spec, bool Stopped, bool Active, (int Version, JobSpec? Spec)? Update, bool Waiting)
{
    /// <summary>The standing of a job as users see it.</summary>
    public static JobStanding Of(JobView job) => new(
        job.Spec,
        Stopped: job.Phase is JobPhase.Stopped or JobPhase.Stopping || job.Cron is { Descheduled: true },
        Active: Enum.GetValues<ScheduleStatus>().Any(status => status.IsActive() && job.Counts.ContainsKey(status.ToName())),
        job is { Phase: JobPhase.Updating, Update.ToVersion: var to } ? (to, to == job.Version ? job.Spec : null) : null,
        Waiting: !job.WaitsFor.IsEmpty);
}

/// <summary>Decides what a submit does to a job that exists: the job itself and its plan ask the same.</summary>
public static class SubmitRules
{
    /// <summary>
    /// What a submitted spec means for a job that exists: of one that is scaled by its load the file says how many instances it begins
    /// with, and what the load has made of them since stays.
    /// </summary>
    public static JobSpec Meant(JobStanding job, JobSpec spec) =>
        spec.Scale is { } policy && job is { Stopped: false, Spec.Scale: not null }
            ? spec with { Instances = Math.Clamp(job.Spec.Instances, policy.Min, policy.Max) }
            : spec;

    /// <summary>The outcome (<see cref="SubmitOutcome"/>), or why the job cannot be changed so just now.</summary>
    public static Answer<string> Judge(JobStanding job, JobSpec spec)
    {
        if (job.Update is { } update)
        {
            if (spec.Equals(update.Spec)) return SubmitOutcome.Unchanged;
            return Conflict("update-in-progress",
                $"{spec.Key} is being updated to version {update.Version}: wait until that has ended, or stop the job.");
        }

        if (job.Waiting && !job.Stopped) return spec.Equals(job.Spec) ? SubmitOutcome.Unchanged : SubmitOutcome.Changed;
        if (spec.Type != job.Spec.Type && job.Active)
            return Conflict("job-active", $"{spec.Key} runs as {job.Spec.Type}: stop it before you make it another type.");
        if (spec.Type == JobType.Cron && job.Spec.Type == JobType.Cron)
        {
            // What runs goes on as it is: the next run is the first that heeds what is said here.
            if (job.Stopped) return SubmitOutcome.Started;
            return spec.Equals(job.Spec) ? SubmitOutcome.Unchanged : SubmitOutcome.Changed;
        }

        if (job.Stopped || (!job.Active && (spec.Type != JobType.Service || job.Spec.Type == JobType.Cron)))
        {
            if (!job.Active || spec.Type == JobType.Service) return SubmitOutcome.Started;
            return Conflict("job-stopping", $"{spec.Key} is still stopping: submit it again when its last task has ended.");
        }

        if (spec.Equals(job.Spec)) return SubmitOutcome.Unchanged;
        if (spec.RunsTheSameAs(job.Spec)) return SubmitOutcome.Changed;
        if (spec.Type == JobType.Service) return SubmitOutcome.Updating;
        return Conflict("job-active",
            $"{spec.Key} is a batch job that still runs: wait until it has ended or stop it before you change what it runs.");
    }

    private static Problem Conflict(string code, string message) => Problem.Of(ProblemKind.Conflict, code, message);
}
