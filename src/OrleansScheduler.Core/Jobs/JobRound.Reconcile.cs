namespace OrleansScheduler.Core;

/// <content>Desired minus actual: what the job's tasks must do to become what its spec says.</content>
public sealed partial class JobRound
{
    private void Reconcile()
    {
        if (Spec.Type == JobType.Cron)
        {
            ReconcileCron();
            return;
        }

        if (_header.Stopped)
        {
            StopAll(All().Where(t => t.Status.IsActive()), "Job is stopped.");
            return;
        }

        if (!_header.WaitsFor.IsEmpty || HasEnded()) return;
        if (_header.Update is { IsActive: true } update)
        {
            Advance(update);
            return;
        }

        var spec = Spec;
        for (var instance = 0; instance < spec.Instances; instance++)
        {
            if (_header.StoppedInstances.Contains(instance)) continue;
            if (Find(instance) is not { } task)
            {
                if (instance >= _header.Pruned.Below)
                    Enter(TaskMachine.Create(instance, _header.AttemptFloor + 1, _header.Version, now));
            }
            else if (spec.Type == JobType.Service && task.Status.IsTerminal())
                Enter(TaskMachine.StartOver(task, _header.Version, now, "Rescheduled"));
        }

        RemoveBeyond(spec.Instances);
    }

    /// <summary>Whether a batch job has ended, and then stops what goes on of it.</summary>
    private bool HasEnded()
    {
        if (Spec is { Type: JobType.Service } or { MinSuccesses: null, Retry.MaxFailedInstances: null }) return false;
        if (_header.End is null)
        {
            int succeeded = 0, failed = 0;
            foreach (var task in All())
            {
                if (task.Status == ScheduleStatus.Finished) succeeded++;
                else if (task.Status == ScheduleStatus.Failed) failed++;
            }

            if (BatchEnd.Judge(Spec, succeeded, failed) is not { } end) return false;
            _header = _header with { End = end };
            Announce("job", end.Succeeded ? "SUCCEEDED" : "FAILED", end.Reason);
        }

        StopAll(All().Where(t => t.Status.IsActive()), _header.End!.Reason);
        return true;
    }

    private void RemoveBeyond(int instances)
    {
        foreach (var task in All().Where(t => t.Instance >= instances).OrderBy(t => t.Instance).ToList())
        {
            if (task.Status.IsTerminal()) Remove(task);
            else StopAll([task], "Scaled down.");
        }
    }

    private void StopAll(IEnumerable<ScheduledTask> tasks, string message)
    {
        foreach (var task in tasks.Where(t => t.Status != ScheduleStatus.Killing).OrderBy(t => t.Instance).ToList())
            Happen(task, new TaskEvent(ScheduleStatus.Killing, now) { Message = message });
    }

    /// <summary>
    /// Moves an update on: instances that are to be created, then changed, then removed, each by number; the other way round when rolling
    /// back.
    /// </summary>
    private void Advance(UpdateState update)
    {
        update = Judge(update);
        if (!update.IsActive) return;

        var spec = SpecOf(update.Target);
        var (inFlight, waiting) = Survey(update, spec);
        if (inFlight == 0 && waiting.Count == 0)
        {
            RemoveBeyond(spec.Instances);
            var ended = update.Status == UpdateStatus.RollingForward ? UpdateStatus.RolledForward : UpdateStatus.RolledBack;
            End(update, ended, update.Message);
            return;
        }

        // Free slots rather than a full batch: that is the queue strategy, which never has more than `batch` instances down.
        foreach (var instance in waiting.Take(Math.Max(0, spec.Update.Batch - inFlight)))
        {
            var task = Find(instance);
            if (task is null) Enter(TaskMachine.Create(instance, _header.AttemptFloor + 1, update.Target, now));
            else if (instance >= spec.Instances) StopAll([task], $"Removed by the update to version {update.Target}.");
            else if (task.Status.HoldsNode())
            {
                Happen(task, new TaskEvent(ScheduleStatus.Restarting, now)
                {
                    Message = $"Updated to version {update.Target}.",
                    NextVersion = update.Target,
                });
            }
            else Enter(TaskMachine.StartOver(task, update.Target, now, $"Updated to version {update.Target}."));
        }
    }

    /// <summary>Counts instances that are on their way and lists those that have not set out, in order.</summary>
    private (int InFlight, List<int> Waiting) Survey(UpdateState update, JobSpec spec)
    {
        var inFlight = 0;
        List<int> creates = [], changes = [], removals = [];
        for (var instance = 0; instance < spec.Instances; instance++)
        {
            if (_header.StoppedInstances.Contains(instance) || update.FailedInstances.Contains(instance)) continue;
            if (Find(instance) is not { } task) creates.Add(instance);
            else if (!RunsTheSame(task.Version, update.Target))
            {
                if (task.Status.IsStopping()) inFlight++;
                else changes.Add(instance);
            }
            else if (task.Status != ScheduleStatus.Running || WatchedUntil(task) > now) inFlight++;
        }

        foreach (var task in All().Where(t => t.Instance >= spec.Instances).OrderBy(t => t.Instance).ToList())
        {
            if (task.Status.IsTerminal()) continue;
            if (task.Status.IsStopping()) inFlight++;
            else removals.Add(task.Instance);
        }

        List<int> waiting = [.. creates, .. changes, .. removals];
        if (update.Status == UpdateStatus.RollingBack) waiting.Reverse();
        return (inFlight, waiting);
    }

    /// <summary>Fails or turns round an update whose instances end too often.</summary>
    private UpdateState Judge(UpdateState update)
    {
        var policy = SpecOf(update.ToVersion).Update;
        var failed = update.Ends.Where(e => e.Value > policy.MaxInstanceFailures).Select(e => e.Key).ToImmutableSortedSet();
        if (failed.Count == update.FailedInstances.Count) return update;
        update = update with { FailedInstances = failed };
        _header = _header with { Update = update };
        if (failed.Count <= policy.MaxFailedInstances) return update;

        var message = $"Latest failure: instance {failed.Max} exited.";
        if (update.Status == UpdateStatus.RollingBack || !policy.Rollback) return End(update, UpdateStatus.Failed, message);
        update = update with
        {
            Status = UpdateStatus.RollingBack,
            Message = message,
            Ends = ImmutableSortedDictionary<int, int>.Empty,
            FailedInstances = [],
        };
        _header = _header with { Update = update, Version = update.FromVersion };
        _demandChanged = true;
        Announce("update", update.StatusName, message);
        return update;
    }

    private UpdateState End(UpdateState update, UpdateStatus status, string? message)
    {
        update = update with { Status = status, Message = message };
        _header = _header with { Update = update };
        Announce("update", update.StatusName, message);
        return update;
    }

    /// <summary>Until when a running instance of an active update has to stay up to count as done; null when nobody watches it.</summary>
    private DateTimeOffset? WatchedUntil(ScheduledTask task)
    {
        if (_header.Update is not { IsActive: true } update || task.Status != ScheduleStatus.Running) return null;
        if (!RunsTheSame(task.Version, update.Target)) return null;
        var until = task.Since + SpecOf(update.Target).Update.Watch;
        return until > now ? until : null;
    }

    private void CountEnd(ScheduledTask task, DateTimeOffset at)
    {
        if (_header.Update is not { IsActive: true } update || at < update.StartedAt || !RunsTheSame(task.Version, update.Target)) return;
        if (task.Asked != ScheduleStatus.Init) return;
        var ends = update.Ends.SetItem(task.Instance, update.Ends.GetValueOrDefault(task.Instance) + 1);
        _header = _header with { Update = update with { Ends = ends } };
    }
}
