namespace OrleansScheduler.Core;

/// <content>What users ask of a job.</content>
public sealed partial class JobRound
{
    /// <summary>Creates the job, moves it to another spec, or starts it again.</summary>
    public Answer<SubmitReceipt> Submit(string operationId, JobSpec spec, int? expectedVersion, string actor)
    {
        if (FindOperation(operationId) is { } known)
        {
            return known.Verb == "submit" && IsSameSpec(known, spec)
                ? new SubmitReceipt { Key = state.Key, Version = known.Version, Outcome = known.Outcome }
                : KeyReused(operationId);
        }

        if (expectedVersion is { } expected && expected != _header.Version) return VersionConflict(expected);

        _actor = actor;
        var outcome = Exists ? Change(spec, actor) : Create(spec, actor);
        _actor = null;
        if (outcome.Problem is { } problem) return problem;
        _operations.Add(new JobOperation(operationId, "submit", "", _header.Version, spec.Instances, outcome.Value!));
        return new SubmitReceipt { Key = state.Key, Version = _header.Version, Outcome = outcome.Value! };
    }

    /// <summary>Changes how many instances there are.</summary>
    public Answer<CommandReceipt> Scale(string operationId, int instances, string actor) =>
        Command(operationId, "scale", $"{instances}", actor, () =>
        {
            if (instances is < 1 or > JobLimits.MaxInstances)
            {
                return Problem.Of(ProblemKind.Invalid, instances < 1 ? "below-minimum" : "above-maximum",
                    $"instances must be between 1 and {JobLimits.MaxInstances}, not {instances}.") with
                {
                    Errors = [new FieldError("out-of-range", "instances", $"must be between 1 and {JobLimits.MaxInstances}", 0, 0, 0)],
                };
            }

            if (_header.Stopped) return IsStopped();
            if (_header.FirstInstance + instances > JobLimits.MaxInstances) return UpdateProblems.NoRoom(state.Key, _header.FirstInstance);
            var before = Spec.Instances;
            if (before != instances) Accept(Spec with { Instances = instances }, actor);
            var message = before == instances ? $"already has {Instances(instances)}" : $"goes from {before} to {Instances(instances)}";
            return (instances, $"{state.Key} {message}.");
        });

    /// <summary>Stops and starts instances; all of them when none are named.</summary>
    public Answer<CommandReceipt> Restart(string operationId, ImmutableArray<int> instances, string actor) =>
        Command(operationId, "restart", string.Join(',', instances), actor, () =>
        {
            if (_header.Stopped) return IsStopped();
            if (Unknown(instances) is { } unknown) return unknown;
            var count = 0;
            _header = _header with { End = null };
            foreach (var task in Named(instances))
            {
                _header = _header with { StoppedInstances = _header.StoppedInstances.Remove(task.Instance) };
                if (task.Status.IsTerminal())
                {
                    if (Spec.Type == JobType.Cron) continue;   // another run is for the schedule, or a user, to start
                    if (Spec.Type != JobType.Service && task.Status == ScheduleStatus.Finished && instances.IsEmpty) continue;
                    Enter(TaskMachine.StartOver(task, VersionFor(task.Instance), now, $"Restarted by {actor}"));
                    count++;
                }
                else if (Happen(task, new TaskEvent(ScheduleStatus.Restarting, now) { Message = $"Restarted by {actor}" }))
                {
                    count++;
                }
            }

            return (count, count == 0 ? $"{state.Key} has nothing to restart." : $"Restarting {Instances(count)} of {state.Key}.");
        });

    /// <summary>Stops instances for good; the whole job when none are named.</summary>
    public Answer<CommandReceipt> Stop(string operationId, ImmutableArray<int> instances, string actor) =>
        Command(operationId, "stop", string.Join(',', instances), actor, () =>
        {
            if (Unknown(instances) is { } unknown) return unknown;
            if (instances.IsEmpty)
            {
                if (IsCron) Happens(new CronEvent.Deschedule(actor));
                _header = _header with { Stopped = true, StoppedInstances = [] };
                if (_header.Update is { IsActive: true } update) MoveTo(update, UpdateStatus.Aborted, $"Job stopped by {actor}", actor);

                Announce("job", "STOPPED", $"Stopped by {actor}");
            }
            else if (!IsCron)
            {
                _header = _header with { StoppedInstances = _header.StoppedInstances.Union(instances) };
            }

            var count = 0;
            foreach (var task in Named(instances).Where(t => t.Status.IsActive()))
            {
                if (task.Status != ScheduleStatus.Killing)
                    Happen(task, new TaskEvent(ScheduleStatus.Killing, now) { Message = $"Killed by {actor}" });
                count++;
            }

            return (count, count == 0 ? $"{state.Key} has no tasks to stop." : $"Stopping {Instances(count)} of {state.Key}.");
        }, duringUpdate: instances.IsEmpty);

    private static string Instances(int count) => count == 1 ? "1 instance" : $"{count} instances";

    private Answer<string> Create(JobSpec spec, string actor)
    {
        _header = _header with { CreatedAt = now, WaitsFor = spec.After };
        Accept(spec, actor);
        Announce("job", "CREATED", $"Submitted by {actor}");
        return SubmitOutcome.Created;
    }

    private Answer<string> Change(JobSpec submitted, string actor)
    {
        var standing = Standing();
        var spec = SubmitRules.Meant(standing, submitted);
        var outcome = SubmitRules.Judge(standing, spec);
        switch (outcome.Value)
        {
            case SubmitOutcome.Started:
                StartAgain(spec, actor);
                break;
            case SubmitOutcome.Changed:
                WaitAlsoFor(spec);
                Accept(spec, actor);
                Announce("job", "CHANGED", $"Changed in place by {actor}");
                break;
            case SubmitOutcome.Updating:
                Update(spec, actor);
                break;
        }

        return outcome;
    }

    private JobStanding Standing()
    {
        var update = _header.Update is { IsActive: true } active ? active : null;
        var others = InstanceSet.Of(
            All().Where(t => TakesPart(t) && !RunsTheSame(InstanceUpdate.VersionOf(t), _header.Version)).Select(t => t.Instance));
        return new(
            Spec, _header.Stopped || _header.Cron is { Descheduled: true }, All().Any(t => t.Status.IsActive()),
            update is null ? null : new(update.FromVersion, update.ToVersion, update.StatusName, SpecOf(update.ToVersion)), others,
            _header.FirstInstance, !_header.WaitsFor.IsEmpty);
    }

    private void Update(JobSpec spec, string actor)
    {
        var from = _header.Version;
        Accept(spec, actor);
        StartUpdate(from, actor);
    }

    private void StartAgain(JobSpec spec, string actor)
    {
        if (!spec.Equals(Spec)) Accept(spec, actor);
        _header = _header with { Stopped = false, StoppedInstances = [], End = null, WaitsFor = spec.After, Pruned = null };
        if (_header.Cron is { Descheduled: true }) Happens(new CronEvent.Accepted(actor));
        foreach (var task in Named([]).Where(t => !IsCron && t.Status.IsTerminal() && Wanted.Contains(t.Instance)))
        {
            if (!_header.WaitsFor.IsEmpty) Remove(task);   // what it did in its last run says nothing about the one that waits
            else Enter(TaskMachine.StartOver(task, VersionFor(task.Instance), now, $"Started again by {actor}"));
        }

        Announce("job", "STARTED", $"Started again by {actor}");
    }

    private void Accept(JobSpec spec, string actor)
    {
        var before = Exists ? Spec : null;
        if (IsCron) LeaveSchedule(spec, actor);
        var version = new JobVersion(NextVersion, spec, now, actor);
        _versions.Add(version);
        _header = _header with { Version = version.Number };
        _demandChanged = true;
        FollowSchedule(before, actor);
    }

    private Answer<CommandReceipt> Command(
        string operationId, string verb, string subject, string actor, Func<Answer<(int Count, string Message)>> act,
        bool duringUpdate = false)
    {
        if (FindOperation(operationId) is { } known)
        {
            return known.Verb == verb && known.Subject == subject
                ? new CommandReceipt { Key = state.Key, Instances = known.Instances, Message = known.Outcome }
                : KeyReused(operationId);
        }

        if (!Exists) return Problem.NoSuchJob(state.Key);
        if (!duringUpdate && _header.Update is { IsActive: true })
            return UpdateProblems.InProgress(state.Key, _header.Update);

        _actor = actor;
        var outcome = act();
        _actor = null;
        if (outcome.Problem is { } problem) return problem;
        var (count, message) = outcome.Value;
        _operations.Add(new JobOperation(operationId, verb, subject, _header.Version, count, message));
        return new CommandReceipt { Key = state.Key, Instances = count, Message = message };
    }

    private JobOperation? FindOperation(string id) => _operations.Find(o => o.Id == id) ?? state.FindOperation(id);

    private bool IsSameSpec(JobOperation known, JobSpec spec) =>
        (_versions.Find(v => v.Number == known.Version) ?? state.Versions.GetValueOrDefault(known.Version)) is not { } version
        || version.Spec.Equals(spec.Scale is null ? spec : spec with { Instances = version.Spec.Instances });

    private List<ScheduledTask> Named(ImmutableArray<int> instances) =>
        [.. All().Where(t => instances.IsEmpty || instances.Contains(t.Instance)).OrderBy(t => t.Instance)];

    private Problem? Unknown(ImmutableArray<int> instances)
    {
        var unknown = instances.Where(i => Find(i) is null).Distinct().Order().ToList();
        return unknown.Count == 0
            ? null
            : Problem.Of(ProblemKind.NotFound, "instance-not-found",
                $"{state.Key} has no instance {string.Join(", ", unknown.Take(10))}{(unknown.Count > 10 ? ", …" : "")}.");
    }

    private Problem IsStopped() =>
        Problem.Of(ProblemKind.Conflict, "job-stopped", $"{state.Key} is stopped: submit it again to start it.");

    private static Problem KeyReused(string operationId) =>
        Problem.Of(ProblemKind.Invalid, "idempotency-key-reused",
            $"The operation id '{operationId}' was used for another request: use a new one for a new request.");
}
