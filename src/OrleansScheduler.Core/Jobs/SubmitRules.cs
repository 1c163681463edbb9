namespace OrleansScheduler.Core;

/// <summary>The update that is under way.</summary>
/// <param name="FromVersion">Version that it leaves.</param>
/// <param name="ToVersion">Version that it goes to.</param>
/// <param name="Status">Aurora's name of where it is.</param>
/// <param name="Spec">The spec that it goes to; null when it is not known.</param>
public sealed record UpdateStanding(int FromVersion, int ToVersion, string Status, JobSpec? Spec);

/// <summary>What of a job that exists decides what a submit does to it.</summary>
/// <param name="Spec">The spec that it is or is becoming.</param>
/// <param name="Stopped">Whether a user stopped it.</param>
/// <param name="Active">Whether any instance of it is active.</param>
/// <param name="Update">The update under way; null when there is none.</param>
/// <param name="Others">Instances that run something else than <paramref name="Spec"/>, as after a canary or an abort.</param>
/// <param name="First">Its first instance.</param>
/// <param name="Waiting">Whether other jobs have to succeed before it starts.</param>
public sealed record JobStanding(
    JobSpec Spec, bool Stopped, bool Active, UpdateStanding? Update, InstanceSet Others, int First, bool Waiting)
{
    /// <summary>The standing of a job as users see it.</summary>
    public static JobStanding Of(JobView job) => new(
        job.Spec,
        Stopped: job.Phase is JobPhase.Stopped or JobPhase.Stopping || job.Cron is { Descheduled: true },
        Active: Enum.GetValues<ScheduleStatus>().Any(status => status.IsActive() && job.Counts.ContainsKey(status.ToName())),
        job is { Phase: JobPhase.Updating or JobPhase.Paused, Update: { } update }
            ? new(update.FromVersion, update.ToVersion, update.Status, update.ToVersion == job.Version ? job.Spec : null)
            : null,
        InstanceSet.Of(job.Versions.Where(group => group.Version != job.Version).SelectMany(group => group.Instances.Ranges)),
        job.FirstInstance,
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
            return spec.Equals(update.Spec) ? SubmitOutcome.Unchanged : UpdateProblems.InProgress(spec.Key, update);
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

        var runsTheSame = spec.RunsTheSameAs(job.Spec) && job.Others.Each().All(instance => !spec.Update.Covers(instance));
        if (runsTheSame && spec.Equals(job.Spec)) return SubmitOutcome.Unchanged;
        if (spec.Type == JobType.Service && OutOfScope(job, spec) is { } problem) return problem;
        var first = runsTheSame ? job.First : BlueGreen.FirstOf(spec, job.First, job.Spec.Instances);
        if (first + spec.Instances > JobLimits.MaxInstances) return UpdateProblems.NoRoom(spec.Key, first);
        if (runsTheSame) return SubmitOutcome.Changed;
        if (spec.Type == JobType.Service) return SubmitOutcome.Updating;
        return Conflict("job-active",
            $"{spec.Key} is a batch job that still runs: wait until it has ended or stop it before you change what it runs.");
    }

    /// <summary>An update of some instances must name instances that there are, and all that it would create or remove.</summary>
    private static Problem? OutOfScope(JobStanding job, JobSpec spec)
    {
        var scope = spec.Update.Instances;
        if (scope.IsEmpty) return null;
        var (fewer, more) = (Math.Min(job.Spec.Instances, spec.Instances), Math.Max(job.Spec.Instances, spec.Instances));
        var known = InstanceSet.Between(job.First, job.First + more - 1);
        if (scope.Except(known) is { IsEmpty: false } unknown)
            return Refuse("update-instances-unknown", $"{spec.Key} has instances {known}, not {unknown}.");
        var left = InstanceSet.Between(job.First + fewer, job.First + more - 1).Except(scope);
        return left.IsEmpty
            ? null
            : Refuse("update-instances-resize",
                $"{spec.Key} goes from {job.Spec.Instances} to {spec.Instances} instances: name {left} too, or change the number alone.");
    }

    private static Problem Refuse(string code, string message) =>
        new(ProblemKind.Invalid, code, message, [new FieldError(code, "update.instances", message, 0, 0, 0)]);

    private static Problem Conflict(string code, string message) => Problem.Of(ProblemKind.Conflict, code, message);
}
