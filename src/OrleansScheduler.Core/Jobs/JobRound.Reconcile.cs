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
        foreach (var instance in Wanted.Each())
        {
            if (_header.StoppedInstances.Contains(instance)) continue;
            if (Find(instance) is not { } task)
            {
                if (instance >= (_header.Pruned?.Below ?? 0))
                    Enter(TaskMachine.Create(instance, _header.AttemptFloor + 1, VersionFor(instance), now));
            }
            else if (spec.Type == JobType.Service && task.Status.IsTerminal())
                Enter(TaskMachine.StartOver(task, VersionFor(instance), now, "Rescheduled"));
        }

        RemoveOthers();
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

    /// <summary>The instances that the job is to have.</summary>
    private InstanceSet Wanted => InstanceSet.Between(_header.FirstInstance, _header.FirstInstance + Spec.Instances - 1);

    private void RemoveOthers()
    {
        var wanted = Wanted;
        foreach (var task in All().Where(t => !wanted.Contains(t.Instance)).OrderBy(t => t.Instance).ToList())
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

    /// <summary>Version that an instance gets which has none that it could go on with: that of the job, unless it is not for this
    /// instance.</summary>
    private int VersionFor(int instance)
    {
        if (Spec.Update.Covers(instance)) return _header.Version;
        if (Find(instance) is { } task) return InstanceUpdate.VersionOf(task);
        var others = All().Where(t => !Spec.Update.Covers(t.Instance)).OrderBy(t => t.Instance).LastOrDefault();
        return others is null ? _header.Version : InstanceUpdate.VersionOf(others);
    }
}
