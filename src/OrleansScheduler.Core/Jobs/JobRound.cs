namespace OrleansScheduler.Core;

/// <summary>
/// Applies a batch of events to a job and says what follows. Pure: the state itself changes only when the caller applies the change it
/// gets.
/// </summary>
/// <remarks>
/// A round stages everything on top of the state. Commands answer at once, but the answer may leave the actor only after <see
/// cref="JobDecision.Change"/> is durable.
/// </remarks>
/// <param name="state">The job before the round.</param>
/// <param name="losses">What nodes have said to the job about their loss.</param>
/// <param name="now">The time at which all of it happens.</param>
/// <param name="random">Source of jitter.</param>
/// <param name="history">How long tasks that have ended are remembered.</param>
public sealed partial class JobRound(
    JobState state, NodeLosses losses, DateTimeOffset now, Random random, TaskHistoryPolicy history)
{
    /// <summary>
    /// Longest stay in ASSIGNED or in a stopping state before the task counts as lost (Aurora's transient_task_state_timeout).
    /// </summary>
    public static readonly TimeSpan TransientTimeout = TimeSpan.FromMinutes(5);

    private readonly Dictionary<int, ScheduledTask?> _staged = [];
    private readonly List<ScheduledTask> _steps = [];
    private readonly List<int> _removed = [];
    private readonly List<JobVersion> _versions = [];
    private readonly List<JobOperation> _operations = [];
    private readonly List<ScheduledTask> _launches = [];
    private readonly List<ScheduledTask> _kills = [];
    private readonly List<AttemptRef> _released = [];
    private readonly List<EventView> _events = [];
    private readonly Dictionary<(int, int), bool> _sameRun = [];
    private JobHeader _header = state.Header;
    private string? _actor;
    private bool _demandChanged;

    private bool Exists => _header.Version > 0;

    private JobSpec Spec => SpecOf(_header.Version);

    private int NextVersion =>
        1 + Math.Max(state.Versions.Count == 0 ? 0 : state.Versions.Keys.Last(), _versions.Count == 0 ? 0 : _versions[^1].Number);

    /// <summary>A node for an attempt. False when the job does not want it (any more), so that the ledger takes it back.</summary>
    public bool Place(Placement placement, long ledgerEpoch)
    {
        if (Find(placement.Attempt.Instance) is not { } task || task.Attempt != placement.Attempt.Number) return false;
        if (task.Status.HoldsNode()) return task.Node == placement.Node;
        if (task.Status != ScheduleStatus.Pending) return false;
        if (ledgerEpoch > _header.LedgerEpoch) _header = _header with { LedgerEpoch = ledgerEpoch };
        Happen(task, new TaskEvent(ScheduleStatus.Assigned, now)
        {
            Node = placement.Node,
            Ports = placement.Ports,
            Devices = placement.Devices,
            Items = placement.Items,
            Generation = placement.Generation,
        });
        return true;
    }

    /// <summary>
    /// An attempt is to make room for another one. False when the job does not have it (any more), so that the ledger takes back what it
    /// holds. Twice is as once.
    /// </summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="beneficiary">Who gets its node.</param>
    /// <param name="ledgerEpoch">Which ledger decided; what an earlier one did is passed over, since the later one says it again.</param>
    public bool Preempt(AttemptRef attempt, AttemptId beneficiary, long ledgerEpoch)
    {
        if (Find(attempt.Instance) is not { } task || task.Attempt != attempt.Number) return false;
        if (ledgerEpoch < _header.LedgerEpoch) return true;
        var message = $"Preempting in favor of {beneficiary.Job}/{beneficiary.Instance}";
        if (task.Status == ScheduleStatus.Pending)
        {
            // It was given a node and has not heard of it. As another attempt it can never be told.
            Enter(TaskMachine.StartOver(task, task.Version, now, message) with { Failures = task.Failures });
            return false;
        }

        if (!task.Status.HoldsNode()) return false;

        // What cannot be reached is not stopped for anybody: nobody could say when its node is free.
        if (task.Status == ScheduleStatus.Partitioned || task.Status.IsStopping()) return true;
        if (ledgerEpoch > _header.LedgerEpoch) _header = _header with { LedgerEpoch = ledgerEpoch };
        Happen(task, new TaskEvent(ScheduleStatus.Preempting, now) { Message = message });
        return true;
    }

    /// <summary>
    /// What an agent says about an attempt in a session of its node. False when the job does not want that attempt there, so that the
    /// agent is told to end and forget it.
    /// </summary>
    public bool Report(string node, long generation, AttemptRef attempt, in TaskEvent report)
    {
        var current = Find(attempt.Instance) is { } task && task.Attempt == attempt.Number && task.Node == node
            && task.Status >= ScheduleStatus.Assigned
            ? task
            : null;
        losses.Heard(node, generation, isOfEarlier: current?.Generation < generation);
        if (current is null) return report.To.IsTerminal();
        if (current.Status.IsTerminal()) return report.To.IsTerminal();

        // An attempt ends once, so its end is news whatever its number: an agent that lost what it knew of readiness counts from below.
        var isKnown = report.Sequence <= current.Sequence && !report.To.IsTerminal();
        if (isKnown && current.Status != ScheduleStatus.Partitioned) return true;
        if (Happen(current, report) && report.To is ScheduleStatus.Finished or ScheduleStatus.Failed) CountEnd(current, report.At);
        return true;
    }

    /// <summary>The ledger has the attempt on the node and the agent, asked for all it knows, does not name it.</summary>
    public void Absent(string node, AttemptRef attempt)
    {
        if (Find(attempt.Instance) is not { } task || task.Attempt != attempt.Number) return;
        if (task.Node != node || !task.Status.HoldsNode()) return;
        if (task.Status == ScheduleStatus.Assigned)
        {
            _launches.Add(task);   // the command has not arrived; starting a known attempt again changes nothing
            return;
        }

        var to = task.Status.IsStopping() ? ScheduleStatus.Killed : ScheduleStatus.Lost;
        Happen(task, new TaskEvent(to, now) { Message = "The agent does not know the task." });
    }

    /// <summary>Nobody can reach the node: what becomes of tasks there is the job's partition policy.</summary>
    public void NodeUnreachable(NodeLoss loss)
    {
        if (!losses.Apply(loss)) return;
        foreach (var task in On(loss.Node).Where(t => t.Generation <= loss.Generation))
        {
            if (task.Status == ScheduleStatus.Assigned)
            {
                if (Spec.Partition.Reschedule && MayReplace(task))
                    Happen(task, new TaskEvent(ScheduleStatus.Lost, now) { Message = "Node cannot be reached." });
                continue;
            }

            // It would be lost at once, and a strict one that was to restart would run elsewhere.
            if (task.Status.IsStopping() && IsStrict(task) && !MayReplace(task)) continue;
            Happen(task, new TaskEvent(ScheduleStatus.Partitioned, now) { Message = "Node cannot be reached." });
        }
    }

    /// <summary>The node was lost after it had been chosen for the attempt: it will not be started there any more.</summary>
    public void Gone(string node, AttemptRef attempt)
    {
        if (Find(attempt.Instance) is not { Status: ScheduleStatus.Assigned } task || task.Ref != attempt || task.Node != node) return;
        Happen(task, new TaskEvent(ScheduleStatus.Lost, now) { Message = "Node was lost before the task could be started there." });
    }

    /// <summary>Ends the round: brings the job towards what it should be and says what to write and to do.</summary>
    public JobDecision Conclude()
    {
        if (Exists)
        {
            Expire();
            Reconcile();
            Prune();
        }

        var changed = _steps.Count + _removed.Count + _versions.Count + _operations.Count + _updateEvents.Count > 0
            || _header != state.Header;
        if (changed) _header = _header with { Revision = state.Header.Revision + 1, ChangedAt = now };
        return new JobDecision
        {
            Change = changed
                ? new JobChange
                {
                    Header = _header,
                    Versions = [.. _versions],
                    Steps = [.. _steps],
                    Removed = [.. _removed],
                    Operations = [.. _operations],
                    UpdateEvents = [.. _updateEvents],
                }
                : null,
            Launches = _launches,
            Kills = _kills,
            Released = _released,
            DemandChanged = _demandChanged,
            Events = _events,
            NextDue = Exists ? NextDue() : null,
            InMotion = Exists && ((_header.Update?.Status.IsRolling() ?? false) || IsOnSchedule || IsWaiting || IsScaled
                || All().Any(IsMoving)),
        };
    }

    /// <summary>Also a running task whose time will be up: nobody else wakes the job then.</summary>
    private bool IsMoving(ScheduledTask task) =>
        task.Status.IsActive() && (task.Status != ScheduleStatus.Running || TermsOf(task).TimeLimit is not null);

    /// <summary>What time alone brings about.</summary>
    private void Expire()
    {
        foreach (var task in All().Where(t => DueAt(t) <= now).ToList())
        {
            switch (task.Status)
            {
                case ScheduleStatus.Throttled:
                    Happen(task, new TaskEvent(ScheduleStatus.Pending, now));
                    break;
                case ScheduleStatus.Running:
                    Happen(task, new TaskEvent(ScheduleStatus.Killing, now) { Message = "Task exceeded its time limit." });
                    break;
                case ScheduleStatus.Partitioned:
                    Happen(task, new TaskEvent(ScheduleStatus.Lost, now) { Message = "Task partitioned for too long." });
                    break;
                default:
                    Happen(task, new TaskEvent(ScheduleStatus.Lost, now) { Message = "Task timed out." });
                    break;
            }
        }
    }

    private DateTimeOffset? DueAt(ScheduledTask task) => task.Status switch
    {
        ScheduleStatus.Throttled => task.NotBefore ?? now,
        ScheduleStatus.Running => task.Since + TermsOf(task).TimeLimit,
        ScheduleStatus.Partitioned => Spec.Partition.Reschedule && MayReplace(task) ? task.Since + Spec.Partition.Delay : null,

        // Only its node knows whether a strict one runs, or its lease does.
        _ when IsStrict(task) => null,
        ScheduleStatus.Assigned => task.Since + TransientTimeout,
        _ when task.Status.IsStopping() => task.Since + TransientTimeout,
        _ => null,
    };

    private bool IsStrict(ScheduledTask task) => SpecOf(task.Version).Partition.Strict;

    private bool MayReplace(ScheduledTask task) => losses.MayReplace(task, IsStrict(task));

    private DateTimeOffset? NextDue()
    {
        var due = UpdateDue() ?? CronDue();   // a cron job never has an update
        foreach (var task in All())
        {
            if (DueAt(task) is { } at && !(at >= due)) due = at;
        }

        return due;
    }

    private ScheduledTask? Find(int instance) =>
        _staged.TryGetValue(instance, out var staged) ? staged : state.Tasks.GetValueOrDefault(instance);

    private IEnumerable<ScheduledTask> All()
    {
        foreach (var (instance, task) in state.Tasks)
        {
            if (!_staged.ContainsKey(instance)) yield return task;
        }

        foreach (var task in _staged.Values.ToList())
        {
            if (task is not null) yield return task;
        }
    }

    private List<ScheduledTask> On(string node) => [.. All().Where(t => t.Node == node && t.Status.HoldsNode()).OrderBy(t => t.Instance)];

    private JobSpec SpecOf(int version)
    {
        foreach (var staged in _versions)
        {
            if (staged.Number == version) return staged.Spec;
        }

        return state.SpecOf(version);
    }

    private bool RunsTheSame(int version, int other)
    {
        if (version == other) return true;
        if (!_sameRun.TryGetValue((version, other), out var same))
            _sameRun[(version, other)] = same = SpecOf(version).RunsTheSameAs(SpecOf(other));
        return same;
    }

    /// <summary>
    /// Applies one event to one task and collects what follows. False when the machine has no such edge or nothing changes.
    /// </summary>
    private bool Happen(ScheduledTask task, in TaskEvent e)
    {
        // It would be lost at once, and a strict one would then run elsewhere while it may run here. It is asked again later.
        if (task.Status == ScheduleStatus.Partitioned && e.To.IsStopping() && IsStrict(task) && !MayReplace(task)) return false;
        var policy = new TaskPolicy(Spec.Type == JobType.Service, TermsOf(task).Retry, random.NextDouble());
        var transition = TaskMachine.Apply(task, e, policy);
        if (transition.Effects.HasFlag(TaskEffects.Delete)) Remove(task);
        foreach (var step in transition.Steps) Enter(step);
        if (transition.Effects.HasFlag(TaskEffects.Launch)) _launches.Add(transition.Steps[0]);
        if (transition.Effects.HasFlag(TaskEffects.Kill) && task.Node is not null) _kills.Add(task);
        return transition.IsLegal && transition.Steps.Length > 0;
    }

    private void Enter(ScheduledTask step)
    {
        var before = Find(step.Instance);
        if (step.Attempt <= _header.RestoreFloor && step.Attempt > (before?.Attempt ?? 0))
            step = step with { Attempt = _header.RestoreFloor + 1 };
        if (before is not null && before.Status.HoldsNode() && !step.Status.HoldsNode()) _released.Add(before.Ref);
        // A placement takes away what the ledger itself gave: that it knows.
        var waited = before?.Status == ScheduleStatus.Pending && step.Status != ScheduleStatus.Assigned;
        if (waited || step.Status == ScheduleStatus.Pending) _demandChanged = true;
        var bare = step with { History = [] };
        _removed.Remove(step.Instance);   // a run of a cron job may take the place of one that ended in the same round
        _staged[step.Instance] = bare;
        _steps.Add(bare);
        _events.Add(new EventView
        {
            At = step.UpSince,
            Kind = "task",
            Job = state.Key,
            Instance = step.Instance,
            Attempt = step.Attempt,
            Node = step.Node,
            Status = step.Status.ToName(),
            Message = step.Message,
            Actor = _actor,
        });
    }

    private void Remove(ScheduledTask task)
    {
        if (task.Status.HoldsNode()) throw new InvariantException($"{state.Key}/{task.Instance} is removed while it holds {task.Node}");
        if (task.Status == ScheduleStatus.Pending) _demandChanged = true;
        _staged[task.Instance] = null;
        _steps.RemoveAll(step => step.Instance == task.Instance && !state.Tasks.ContainsKey(task.Instance));
        if (state.Tasks.ContainsKey(task.Instance)) _removed.Add(task.Instance);
        _header = _header with { AttemptFloor = Math.Max(_header.AttemptFloor, task.Attempt) };
    }

    private void Announce(string kind, string status, string? message) =>
        _events.Add(new EventView { At = now, Kind = kind, Job = state.Key, Status = status, Message = message, Actor = _actor });
}
