namespace OrleansScheduler.Cli;

/// <summary>How far a job is from what is waited for.</summary>
internal enum GoalState
{
    Pending,
    Reached,
    Missed,
}

/// <summary>What is waited for about one job. Pure: decides from one view of the job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Judge">Where the job stands, and why when it missed its goal.</param>
internal sealed record JobGoal(JobKey Job, Func<JobView, (GoalState State, string? Why)> Judge)
{
    /// <summary>The submitted version runs (a service) or has finished (a batch job).</summary>
    public static JobGoal Submitted(SubmitReceipt receipt) => new(receipt.Key, view => AfterSubmit(view, receipt.Version));

    /// <summary>Nothing of the job is left.</summary>
    public static JobGoal Stopped(JobKey job) => new(job, view => view.Phase switch
    {
        JobPhase.Stopped or JobPhase.Finished or JobPhase.Failed => (GoalState.Reached, null),
        _ => (GoalState.Pending, null),
    });

    /// <summary>The run that an operation asked for has finished.</summary>
    public static JobGoal CronRun(JobKey job, string operation) => new(job, view => AfterStart(view.Cron, operation));

    private static (GoalState State, string? Why) AfterStart(CronView? cron, string operation)
    {
        if (cron is null) return (GoalState.Missed, "it is no cron job any more");
        if (cron.Waiting?.Operation == operation || cron.Active.Any(run => run.Trigger.Operation == operation))
            return (GoalState.Pending, null);
        return cron.Recent.FirstOrDefault(run => run.Trigger.Operation == operation) switch
        {
            null => (GoalState.Missed, "the run did not start, or so many came after it that nobody remembers it"),
            { Outcome: CronOutcome.Finished } => (GoalState.Reached, null),
            { Outcome: CronOutcome.Killed, Number: var number } => (GoalState.Missed, $"run {number} was killed"),
            { Number: var number } => (GoalState.Missed, $"run {number} failed"),
        };
    }

    /// <summary>An update has ended, and in the status that is hoped for.</summary>
    /// <param name="job">The job.</param>
    /// <param name="update">Which update: the version that it goes to; null for the one that is there.</param>
    /// <param name="hoped">The status that is no failure.</param>
    public static JobGoal UpdateEnded(JobKey job, int? update, string hoped) => new(job, view => AfterUpdate(view, update, hoped));

    private static (GoalState State, string? Why) AfterUpdate(JobView view, int? number, string hoped)
    {
        if (view.Update is not { } update) return (GoalState.Missed, "it has no update");
        if (number is { } wanted && wanted != update.ToVersion)
            return (GoalState.Missed, $"it has gone on from update {wanted} to update {update.ToVersion}");
        if (view.Phase is JobPhase.Updating or JobPhase.Paused) return (GoalState.Pending, null);
        if (update.Status == hoped) return (GoalState.Reached, null);
        var why = update.Message is { } message ? $": {message}" : "";
        return (GoalState.Missed, $"the update to version {update.ToVersion} is {update.Status}{why}");
    }

    private static (GoalState State, string? Why) AfterSubmit(JobView view, int version)
    {
        if (view.Update is { } update && update.ToVersion == version && update.Status is "ROLLED_BACK" or "FAILED" or "ABORTED")
        {
            var why = view.Update.Message is { } message ? $": {message}" : "";
            return (GoalState.Missed, $"the update to version {version} is {view.Update.Status}{why}");
        }

        if (view.Version > version) return (GoalState.Missed, $"version {view.Version} has taken the place of version {version}");
        return view.Phase switch
        {
            JobPhase.Running when view.Version == version && view.Type == JobType.Service => (GoalState.Reached, null),
            not (JobPhase.Stopped or JobPhase.Stopping) when view.Type == JobType.Cron => (GoalState.Reached, null),
            JobPhase.Finished => (GoalState.Reached, null),
            JobPhase.Failed => (GoalState.Missed, "some instances failed for good"),
            JobPhase.Stopped or JobPhase.Stopping => (GoalState.Missed, "it was stopped"),
            _ => (GoalState.Pending, null),
        };
    }
}
