namespace OrleansScheduler.Core;

/// <content>Runs of a cron job: what <see cref="CronMachine"/> decides, applied to the job's tasks.</content>
public sealed partial class JobRound
{
    /// <summary>Says why tasks of a run are stopped; the same words as for every task that makes way for the next run.</summary>
    private const string KilledByNextRun = "Killed by the next run of its cron job.";

    private (CronSchedule Schedule, CronTimetable? Timetable)? _timetable;

    private bool IsCron => Exists && Spec.Type == JobType.Cron;

    private bool IsOnSchedule => IsCron && _header is { Stopped: false, Cron: { Descheduled: false } cron }
        && (!cron.Paused || cron.Waiting is not null);

    /// <summary>Starts a cron job now, pauses or resumes it, or takes it off its schedule.</summary>
    public Answer<CommandReceipt> Cron(string operationId, CronVerb verb, string actor) =>
        Command(operationId, $"cron-{verb.ToString().ToLowerInvariant()}", "", actor, () =>
        {
            if (!IsCron || _header.Cron is null)
                return Problem.Of(ProblemKind.Conflict, "not-a-cron-job",
                    $"{state.Key} is a {Spec.Type.ToString().ToLowerInvariant()} job: only cron jobs have a schedule.");
            AdvanceCron();
            return verb switch
            {
                CronVerb.Start => StartNow(operationId, actor),
                CronVerb.Pause => Ask(new CronEvent.Pause(actor), $"{state.Key} is paused."),
                CronVerb.Resume => Ask(new CronEvent.Resume(actor), $"{state.Key} follows its schedule."),
                CronVerb.Stop => Ask(new CronEvent.Deschedule(actor), $"{state.Key} is off its schedule; what runs goes on."),
                _ => Problem.Of(ProblemKind.Invalid, "unknown-value", $"A cron job cannot {verb}."),
            };
        });

    private Answer<(int Count, string Message)> StartNow(string operationId, string actor)
    {
        if (Happens(new CronEvent.StartNow(actor, operationId)) is { } refusal) return refusal;
        AdvanceCron();
        var run = _header.Cron!.Active.FirstOrDefault(r => r.Trigger.Operation == operationId);
        return run is null
            ? (0, $"{state.Key} starts when the tasks of its last run have ended.")
            : (run.Instances, $"Run {run.Number} of {state.Key} starts with {Instances(run.Instances)}.");
    }

    private Answer<(int Count, string Message)> Ask(CronEvent e, string message)
    {
        var before = _header.Cron!;
        if (before.Descheduled && e is not CronEvent.Deschedule)
            return Problem.Of(ProblemKind.Conflict, "cron-descheduled", $"{state.Key} is off its schedule: submit it again first.");
        Happens(e);
        return (before == _header.Cron ? 0 : Spec.Instances, message);
    }

    /// <summary>Before another spec is accepted: the schedule that goes decides what was due under it.</summary>
    private void LeaveSchedule(JobSpec next, string actor)
    {
        AdvanceCron();
        if (!IsSameSchedule(Spec, next)) Happens(new CronEvent.Replaced(actor));
    }

    /// <summary>After another spec was accepted.</summary>
    private void FollowSchedule(JobSpec? before, string actor)
    {
        if (Spec.Type != JobType.Cron)
        {
            _header = _header with { Cron = null };
            return;
        }

        var isNew = _header.Cron is null;
        if (isNew) _header = _header with { Cron = CronState.Begin(now) };
        if (isNew || before is null || !IsSameSchedule(before, Spec)) Happens(new CronEvent.Accepted(actor));
    }

    private static bool IsSameSchedule(JobSpec a, JobSpec b) =>
        (a.Schedule?.Expression, a.Schedule?.TimeZone) == (b.Schedule?.Expression, b.Schedule?.TimeZone);

    private void ReconcileCron()
    {
        if (_header.Stopped) StopAll(All().Where(t => t.Status.IsActive()), "Job is stopped.");
        AdvanceCron();
    }

    /// <summary>Ends the runs whose tasks have ended, decides what is due, and starts what may start.</summary>
    private void AdvanceCron()
    {
        if (_header.Cron is null) return;
        EndRuns();
        if (!_header.Stopped) Take(CronMachine.Due(_header.Cron, Terms(), now));
        KillForWaiting();

        // Tasks that had no node yet are gone at once, and then so is what the new run waits for.
        EndRuns();
        if (!_header.Stopped) Take(CronMachine.Due(_header.Cron, Terms(), now));
    }

    private void EndRuns()
    {
        foreach (var run in _header.Cron!.Active)
        {
            if (EndOf(run) is { } end)
                StopAll(All().Where(t => t.Status.IsActive() && run.Has(t.Instance)), end.Reason);
            if (OutcomeOf(run) is { } outcome) Happens(new CronEvent.RunEnded(run.Number, outcome));
        }
    }

    /// <summary>What became of a run; null while it goes. A task that was killed before it had a node has left no row.</summary>
    private CronOutcome? OutcomeOf(CronRun run)
    {
        var outcome = CronOutcome.Finished;
        for (var instance = run.FirstInstance; instance < run.FirstInstance + run.Instances; instance++)
        {
            var status = Find(instance)?.Status ?? ScheduleStatus.Killed;
            if (status.IsActive()) return null;
            if (status == ScheduleStatus.Killed && outcome == CronOutcome.Finished) outcome = CronOutcome.Killed;
            if (status is ScheduleStatus.Failed or ScheduleStatus.Lost) outcome = CronOutcome.Failed;
        }

        return EndOf(run) is { Succeeded: true } ? CronOutcome.Finished : outcome;
    }

    /// <summary>Whether enough instances of a run have succeeded, or too many failed, for the others to go on.</summary>
    private BatchEnd? EndOf(CronRun run)
    {
        var spec = SpecOf(run.Version);
        if (spec is { MinSuccesses: null, Retry.MaxFailedInstances: null }) return null;
        int succeeded = 0, failed = 0;
        for (var instance = run.FirstInstance; instance < run.FirstInstance + run.Instances; instance++)
        {
            if (Find(instance) is { Status: ScheduleStatus.Finished }) succeeded++;
            else if (Find(instance) is { Status: ScheduleStatus.Failed }) failed++;
        }

        return BatchEnd.Judge(spec, succeeded, failed);
    }

    /// <summary>Every round anew: a strict task that nobody can reach lets itself be killed only later.</summary>
    private void KillForWaiting()
    {
        if (_header.Cron is not { Waiting: not null } cron) return;
        StopAll(All().Where(t => t.Status.IsActive() && cron.Active.Any(run => run.Has(t.Instance))), KilledByNextRun);
    }

    private Problem? Happens(CronEvent e)
    {
        if (_header.Cron is not { } cron) return null;
        var step = CronMachine.Apply(cron, e, Terms(), now);
        if (step.Problem is { } problem) return problem;
        Take(step.Value!);
        return null;
    }

    private void Take(CronStep step)
    {
        _header = _header with { Cron = step.State };
        foreach (var decision in step.Decisions)
        {
            Announce("cron", decision.Status, decision.Message);
            if (decision is { Kind: CronDecisionKind.RunStarted, Run: { } run }) Begin(run);
        }
    }

    /// <summary>Rows that are left of runs before go, unless the new run takes their place: they start over there.</summary>
    private void Begin(CronRun run)
    {
        var runs = _header.Cron!.Active;
        _header = _header with { Pruned = null };
        foreach (var task in All().Where(t => t.Status.IsTerminal() && !runs.Any(r => r.Has(t.Instance))).ToList()) Remove(task);
        var message = $"Run {run.Number}";
        for (var instance = run.FirstInstance; instance < run.FirstInstance + run.Instances; instance++)
        {
            if (Find(instance) is not { } task)
                Enter(TaskMachine.Create(instance, _header.AttemptFloor + 1, run.Version, now, message));
            else if (task.Status.IsTerminal()) Enter(TaskMachine.StartOver(task, run.Version, now, message));
            else throw new InvariantException($"{state.Key} starts run {run.Number} while instance {instance} is active");
        }
    }

    private DateTimeOffset? CronDue() => IsCron && !_header.Stopped && _header.Cron is { } cron ? CronMachine.NextDue(cron, Terms()) : null;

    private CronTerms Terms()
    {
        var schedule = Spec.Schedule ?? throw new InvariantException($"{state.Key} is a cron job without a schedule");
        if (_timetable is not { } known || known.Schedule != schedule)
            _timetable = known = (schedule, CronExpressions.Read(schedule.Expression, schedule.TimeZone).Value);
        return new(state.Key, schedule, known.Timetable, _header.Version, Spec.Instances);
    }

    /// <summary>What a task is held to: tasks of a cron job keep the spec that they started with, others follow the job.</summary>
    private JobSpec TermsOf(ScheduledTask task) => Spec.Type == JobType.Cron ? SpecOf(task.Version) : Spec;
}
