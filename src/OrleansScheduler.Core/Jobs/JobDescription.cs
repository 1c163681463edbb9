namespace OrleansScheduler.Core;

/// <summary>
/// Says what a job is in the forms that others ask for: views for users, claims for the ledger. Reads the state, never changes it.
/// </summary>
public static class JobDescription
{
    /// <summary>The job as users see it.</summary>
    /// <exception cref="InvariantException">The job does not exist.</exception>
    public static JobView Describe(JobState state) => new()
    {
        Key = state.Key,
        Type = state.Spec.Type,
        Phase = Phase(state),
        Instances = state.Spec.Instances,
        Version = state.Header.Version,
        Counts = Counts(state),
        NotReady = state.Tasks.Values.Count(t => t.IsUnready),
        CreatedAt = state.Header.CreatedAt,
        ChangedAt = state.Header.ChangedAt,
        Revision = state.Header.Revision,
        Spec = state.Spec,
        Update = state.Header.Update is { } update ? UpdateDescription.Describe(state, update, withEvents: false) : null,
        FirstInstance = state.Header.FirstInstance,
        Versions = VersionGroup.Of(state.Tasks.Values.Where(t => t.Status.IsActive()).Select(t =>
            (t.Instance, Shape(state, InstanceUpdate.VersionOf(t))))),
        WaitsFor = state.Header.WaitsFor,
        EndReason = state.Header.End?.Reason,
        ScaleFailure = state.Header.ScaleFailure,
        Cron = state.Header.Cron is { } cron && state.Spec.Schedule is { } schedule ? CronView.Of(state.Key, schedule, cron) : null,
    };

    /// <summary>One of its tasks as users see it.</summary>
    public static TaskView Describe(JobState state, ScheduledTask task, bool withHistory)
    {
        var names = state.Versions.TryGetValue(task.Version, out var version) ? version.Spec.Task.Ports : [];
        return new TaskView
        {
            Job = state.Key,
            Instance = task.Instance,
            Attempt = task.Attempt,
            Status = task.Status,
            Node = task.Node,
            Ports = names.Zip(task.Ports).ToImmutableSortedDictionary(p => p.First, p => p.Second, StringComparer.Ordinal),
            Devices = task.Devices,
            Items = task.Items,
            Version = task.Version,
            Failures = task.Failures,
            ExitCode = task.ExitCode,
            Signal = task.Signal,
            Message = task.Message,
            Since = task.Since,
            NotBefore = task.NotBefore,
            Ready = task.Status == ScheduleStatus.Running ? task.Readiness?.IsReady : null,
            History = withHistory ? task.History : [],
        };
    }

    /// <summary>What waits for nodes: one demand per version of the job that has waiting instances.</summary>
    public static ImmutableArray<Demand> Demands(JobState state)
    {
        if (!state.Exists) return [];
        var waiting = state.Tasks.Values.Where(t => t.Status == ScheduleStatus.Pending).GroupBy(t => Shape(state, t.Version))
            .OrderBy(g => g.Key);
        return [.. waiting.Select(group =>
        {
            return DemandOf(state.SpecOf(group.Key), state.Spec, group.Key, group.Min(t => t.Since), [.. group.Select(t => t.Ref)]);
        })];
    }

    /// <summary>Attempts of one version that wait.</summary>
    /// <param name="spec">What the version says.</param>
    /// <param name="now">What the job says now: its priority, time limit and whether it is a gang are those of all its versions.</param>
    /// <param name="version">The version's number.</param>
    /// <param name="since">Since when the oldest waits.</param>
    /// <param name="attempts">The attempts.</param>
    public static Demand DemandOf(JobSpec spec, JobSpec now, int version, DateTimeOffset since, ImmutableArray<AttemptRef> attempts) =>
        new()
        {
            Version = version,
            Request = spec.Task.Resources,
            Ports = spec.Task.Ports.Length,
            Constraints = TaskDrivers.ConstraintsOf(spec),
            Custom = spec.Task.Custom,
            Gang = now.Gang,
            TimeLimit = now.TimeLimit,
            Priority = now.Priority,
            Tier = spec.Tier,
            Since = since,
            Attempts = attempts,
        };

    /// <summary>Every attempt that holds something of a node.</summary>
    public static ImmutableArray<AttemptRef> Holding(JobState state) =>
        [.. state.Tasks.Values.Where(t => t.Status.HoldsNode()).Select(t => t.Ref)];

    /// <summary>
    /// Versions that run the same are one group for the ledger: an instance that was there before a scaling equals one from it.
    /// </summary>
    private static int Shape(JobState state, int version) =>
        version != state.Header.Version && state.SpecOf(version).RunsTheSameAs(state.Spec) ? state.Header.Version : version;

    private static ImmutableSortedDictionary<string, int> Counts(JobState state)
    {
        var counts = (state.Header.Pruned ?? PrunedTasks.None).Counts;
        foreach (var tasks in state.Tasks.Values.GroupBy(t => t.Status))
        {
            var name = tasks.Key.ToName();
            counts = counts.SetItem(name, counts.GetValueOrDefault(name) + tasks.Count());
        }

        return counts;
    }

    /// <summary>The job in one word.</summary>
    public static JobPhase Phase(JobState state)
    {
        var active = state.Tasks.Values.Any(t => t.Status.IsActive());
        if (state.Header.Stopped) return active ? JobPhase.Stopping : JobPhase.Stopped;
        if (!state.Header.WaitsFor.IsEmpty) return JobPhase.Waiting;
        if (state.Header.Update is { IsActive: true } update) return update.Status.IsRolling() ? JobPhase.Updating : JobPhase.Paused;
        if (state.Header.End is { } end) return active ? JobPhase.Stopping : end.Succeeded ? JobPhase.Finished : JobPhase.Failed;
        if (state.Tasks.Values.Any(t => t.Status.IsActive() && !t.IsUp)) return JobPhase.Pending;
        if (active || state.Spec.Type == JobType.Service) return JobPhase.Running;
        if (state.Spec.Type == JobType.Cron) return state.Header.Cron is { Descheduled: true } ? JobPhase.Stopped : JobPhase.Scheduled;
        var finished = state.Tasks.Values.All(t => t.Status == ScheduleStatus.Finished)
            && (state.Header.Pruned is not { } pruned || pruned.Counts.Keys.All(name => name == ScheduleStatus.Finished.ToName()));
        return finished ? JobPhase.Finished : JobPhase.Failed;
    }
}
