namespace OrleansScheduler.Core;

/// <content>Moves the job's update on.</content>
public sealed partial class JobRound
{
    private readonly List<UpdateEvent> _updateEvents = [];
    private UpdatePlan? _plan;

    /// <summary>Starts to move the instances to a spec that was just accepted.</summary>
    private void StartUpdate(int from, string actor)
    {
        var initial = VersionGroup.Of(All().Where(TakesPart).OrderBy(t => t.Instance)
            .Select(t => (t.Instance, InstanceUpdate.VersionOf(t))));
        var update = new UpdateState
        {
            FromVersion = from,
            ToVersion = _header.Version,
            Status = Spec.Update.Pulse is null ? UpdateStatus.RollingForward : UpdateStatus.RollForwardAwaitingPulse,
            StartedAt = now,
            Planned = true,
            Initial = initial,
            Actor = actor,
            FromFirst = _header.FirstInstance,
            ToFirst = BlueGreen.FirstOf(Spec, _header.FirstInstance, SpecOf(from).Instances),
        };
        if (update.ToFirst != update.FromFirst)
        {
            _header = _header with { FirstInstance = update.ToFirst };
            _header = _header with { StoppedInstances = Left(Wanted) };
        }

        _plan = null;
        _header = _header with { Update = update with { Total = PlanOf(update).Count } };
        Tell(_header.Update, $"Version {from} to {_header.Version} by {actor}", actor);
    }

    private void Advance(UpdateState update)
    {
        if (!update.Planned) update = PlanOfOldVersion(update);
        if (!update.Status.IsRolling()) return;
        if (IsSilent(update))
        {
            var waiting = update.IsBackward ? UpdateStatus.RollBackAwaitingPulse : UpdateStatus.RollForwardAwaitingPulse;
            MoveTo(update, waiting, "Pulses from external service have timed out.");
            return;
        }

        update = CountFailures(update);
        if (update.IsActive) Roll(update);
    }

    /// <summary>Lets instances arrive and others set out until nobody can move in this round.</summary>
    private void Roll(UpdateState update)
    {
        var policy = SpecOf(update.ToVersion).Update;
        _slaHeld.Clear();
        _slaRetry = null;
        var (taken, done, flight) = (update.Taken, update.Done, new SortedSet<int>(update.InFlight.Each()));
        List<int> started = [], atOnce = [], arrived = [.. flight.Where(instance => Arrives(update, instance))];
        if (BlueGreen.ArriveTogether(policy, update.IsBackward, taken, PlanOf(update).Creates) && arrived.Count < flight.Count)
            arrived.Clear();
        policy = BlueGreen.Groups(policy, PlanOf(update).Creates);
        flight.ExceptWith(arrived);
        var isHeld = false;
        while (true)
        {
            isHeld = flight.Count == 0 && taken != update.PausedAt
                && UpdateStrategy.PausesAt(policy, update.IsBackward, update.Span, taken);
            var next = isHeld ? 0 : UpdateStrategy.Next(policy, update.IsBackward, update.Span, taken, flight.Count);
            if (next == 0) break;
            foreach (var instance in Positions(update, taken, next))
            {
                taken++;
                if (update.Carried.Contains(instance)) continue;
                if (Push(update, instance))
                {
                    done++;
                    continue;
                }

                started.Add(instance);
                if (Push(update, instance)) atOnce.Add(instance);
                else flight.Add(instance);
            }
        }

        var (setOut, reached) = update.IsBackward
            ? (UpdateAction.InstanceRollingBack, UpdateAction.InstanceRolledBack)
            : (UpdateAction.InstanceUpdating, UpdateAction.InstanceUpdated);
        Tell(update, reached, arrived);
        Tell(update, setOut, started);
        Tell(update, reached, atOnce);
        if (taken != update.Taken || arrived.Count > 0 || started.Count > 0)
        {
            update = update with
            {
                Taken = taken,
                Done = done + arrived.Count + atOnce.Count,
                InFlight = InstanceSet.Of(flight),
                Ends = update.Ends.RemoveRange(arrived),
            };
            _header = _header with { Update = update };
        }

        update = RememberHeld(update);
        if (isHeld) MoveTo(update with { PausedAt = taken }, UpdateStatus.RollForwardPaused, "Update auto paused");
        else if (flight.Count == 0 && taken == update.Span) Finish(update);
    }

    private void Finish(UpdateState update)
    {
        RemoveOthers();
        if (update.IsBackward) MoveTo(update, UpdateStatus.RolledBack, update.Message);
        else MoveTo(update, UpdateStatus.RolledForward, message: null);
    }

    /// <summary>What had no node is removed at once, so there is a second look.</summary>
    private bool Arrives(UpdateState update, int instance) => Push(update, instance) || Push(update, instance);

    /// <summary>Does for an instance what it needs. True when it needs nothing any more.</summary>
    private bool Push(UpdateState update, int instance)
    {
        var target = TargetOf(update, instance);
        var task = Find(instance);
        var isAsWanted = task is not null && target != 0 && RunsTheSame(InstanceUpdate.VersionOf(task), target);
        switch (InstanceUpdate.Evaluate(task, target != 0, isAsWanted, SpecOf(update.ToVersion).Update.Watch, now))
        {
            case InstanceNeed.Nothing:
                return true;
            case InstanceNeed.Creation:
                Enter(TaskMachine.Create(instance, _header.AttemptFloor + 1, target, now));
                return false;
            case InstanceNeed.Start:
                Enter(TaskMachine.StartOver(task!, target, now, $"Updated to version {target}."));
                return false;
            case InstanceNeed.Replacement or InstanceNeed.Removal when !MayStop(update, instance):
                return false;
            case InstanceNeed.Replacement:
                var message = $"Updated to version {target}.";
                Happen(task!, new TaskEvent(ScheduleStatus.Restarting, now) { Message = message, NextVersion = target });
                return false;
            case InstanceNeed.Removal:
                StopAll([task!], $"Removed by the update to version {update.Target}.");
                return false;
            default:
                return false;
        }
    }

    /// <summary>Version that an instance is to have when the update is through; 0 when it is not to exist.</summary>
    private int TargetOf(UpdateState update, int instance)
    {
        if (!update.IsBackward)
            return instance >= update.ToFirst && instance < update.ToFirst + SpecOf(update.ToVersion).Instances ? update.ToVersion : 0;
        foreach (var group in update.Initial)
        {
            if (group.Instances.Contains(instance)) return group.Version;
        }

        return 0;
    }

    private IEnumerable<int> Positions(UpdateState update, int taken, int count) => update.IsBackward
        ? PlanOf(update).Backward(update.BackFrom, taken).Take(count).ToList()
        : PlanOf(update).Forward(taken, taken + count);

    private UpdatePlan PlanOf(UpdateState update) => _plan ??= UpdatePlan.Of(
        update, SpecOf(update.ToVersion), InstanceSet.Of(_header.StoppedInstances), RunsTheSame);

    /// <summary>Fails or turns round an update whose instances end too often.</summary>
    private UpdateState CountFailures(UpdateState update)
    {
        var policy = SpecOf(update.ToVersion).Update;
        List<int> failed = [.. update.Ends.Where(end => end.Value > policy.MaxInstanceFailures).Select(end => end.Key)];
        List<int> unready = [.. update.InFlight.Each().Where(instance => !failed.Contains(instance) && GivenUpAt(update, instance) <= now)];
        failed.AddRange(unready);
        if (failed.Count == 0) return update;
        Tell(update, update.IsBackward ? UpdateAction.InstanceRollbackFailed : UpdateAction.InstanceUpdateFailed, failed);
        var flight = update.InFlight;
        update = update with
        {
            Ends = update.Ends.RemoveRange(failed),
            FailedInstances = update.FailedInstances.Union(failed),
            InFlight = flight.Except(InstanceSet.Of(failed)),
        };
        _header = _header with { Update = update };
        if (update.FailedInstances.Count <= policy.MaxFailedInstances) return update;

        var message = unready.Count > 0
            ? $"Latest failure: instance {unready.Max()} runs but was not ready in time."
            : $"Latest failure: instance {failed.Max()} exited.";
        if (!update.IsBackward && policy.Rollback) return TurnRound(update with { InFlight = flight }, message, actor: null);
        update = MoveTo(update, UpdateStatus.Failed, message);
        StayAsItIs(update);
        return update;
    }

    /// <summary>From here on it goes back. What is in flight goes first: it is down already, and so nothing else has to be.</summary>
    private UpdateState TurnRound(UpdateState update, string message, string? actor)
    {
        update = update with
        {
            BackFrom = update.Taken,
            Taken = 0,
            Done = 0,
            Carried = update.InFlight,
            Ends = ImmutableSortedDictionary<int, int>.Empty,
            FailedInstances = [],
        };
        _header = _header with { Version = update.FromVersion, FirstInstance = update.FromFirst };
        _demandChanged = true;
        update = MoveTo(update, UpdateStatus.RollingBack, message, actor);
        Tell(update, UpdateAction.InstanceRollingBack, update.Carried.Each().ToList());
        return update;
    }

    /// <summary>
    /// An update that ended half way leaves the instances that are there, and no others: a job that would create or remove the rest at once
    /// would do what its update was there to do with care.
    /// </summary>
    private void StayAsItIs(UpdateState update)
    {
        var there = InstanceSet.Of(All().Where(TakesPart).Select(t => t.Instance));
        var left = InstanceSet.Of(_header.StoppedInstances.Where(i => Find(i) is not null)).Intersect(Wanted);
        var all = there.Union(left);
        if (all.IsEmpty) return;
        var first = update.ToFirst == update.FromFirst ? update.ToFirst : all.Ranges[0].First;
        var count = all.Max - first + 1;
        if (count != Spec.Instances) Accept(Spec with { Instances = count }, "scheduler");
        _header = _header with { FirstInstance = first };
        var gone = Wanted.Except(there).Each().Where(i => Find(i) is not null).ToList();
        if (gone.Count > left.Count) _header = _header with { StoppedInstances = _header.StoppedInstances.Union(gone) };
    }

    /// <summary>Instances that users have stopped, other than those that get their numbers now.</summary>
    private ImmutableSortedSet<int> Left(InstanceSet fresh) => _header.StoppedInstances.Except(fresh.Each());

    private bool TakesPart(ScheduledTask task) => task.Status.IsActive() && task.Status != ScheduleStatus.Killing
        && !_header.StoppedInstances.Contains(task.Instance);

    /// <summary>Whether the update is guarded by pulses and the last one is too long ago.</summary>
    private bool IsSilent(UpdateState update) =>
        SpecOf(update.ToVersion).Update.Pulse is { } pulse && (update.LastPulse is not { } last || now - last >= pulse);

    private UpdateState MoveTo(UpdateState update, UpdateStatus status, string? message, string? actor = null)
    {
        if (!UpdateMachine.IsLegal(update.Status, status))
            throw new InvariantException($"{state.Key}: an update cannot go from {update.StatusName} to {status.ToName()}");
        update = update with { Status = status, Message = message, EndedAt = status.IsActive() ? null : now };
        _header = _header with { Update = update };
        Tell(update, message, actor);
        return update;
    }

    private void Tell(UpdateState update, string? message, string? actor)
    {
        _updateEvents.Add(new() { Update = update.ToVersion, At = now, Status = update.StatusName, Message = message, Actor = actor });
        Announce("update", update.StatusName, message);
    }

    private void Tell(UpdateState update, UpdateAction action, List<int> instances)
    {
        if (instances.Count == 0) return;
        _updateEvents.Add(new() { Update = update.ToVersion, At = now, Action = action, Instances = InstanceSet.Of(instances) });
    }

    /// <summary>The plan of an update that an earlier version began, which remembered less: it starts at its first instance again, and
    /// those that have arrived are passed over.</summary>
    private UpdateState PlanOfOldVersion(UpdateState update)
    {
        update = update with
        {
            Planned = true,
            Initial = [new(update.FromVersion, InstanceSet.Between(0, SpecOf(update.FromVersion).Instances - 1))],
            Ends = ImmutableSortedDictionary<int, int>.Empty,
        };
        var total = PlanOf(update).Count;
        update = update with { Total = total, BackFrom = update.IsBackward ? total : 0 };
        _header = _header with { Update = update };
        return update;
    }

    /// <summary>When an update that rolls has to be looked at again though nothing happens.</summary>
    private DateTimeOffset? UpdateDue()
    {
        if (_header.Update is not { } update || !update.Status.IsRolling()) return null;
        var policy = SpecOf(update.ToVersion).Update;
        DateTimeOffset? due = policy.Pulse is { } pulse ? update.LastPulse + pulse : null;
        if (_slaRetry is { } retry && !(retry >= due)) due = retry;
        foreach (var instance in update.InFlight.Each())
        {
            if (Find(instance) is not { Status: ScheduleStatus.Running } task) continue;
            if (TargetOf(update, instance) is not (> 0 and var target)) continue;
            if (!RunsTheSame(task.Version, target)) continue;
            var at = task.IsUp ? task.UpSince + policy.Watch : GivenUpAt(update, instance);
            if (at > now && !(at >= due)) due = at;
        }

        return due;
    }

    /// <summary>When the update no longer waits for an instance to become ready; null when it need not.</summary>
    private DateTimeOffset? GivenUpAt(UpdateState update, int instance)
    {
        if (Find(instance) is not { IsUnready: true } task || TargetOf(update, instance) is var target && target == 0) return null;
        return RunsTheSame(task.Version, target)
            ? InstanceUpdate.GivenUpAt(task, SpecOf(target).Task.Health, SpecOf(update.ToVersion).Update.Watch)
            : null;
    }

    /// <summary>An instance ended by itself: that counts while the update watches it.</summary>
    private void CountEnd(ScheduledTask task, DateTimeOffset at)
    {
        if (_header.Update is not { IsActive: true } update || at < update.StartedAt || !update.InFlight.Contains(task.Instance)) return;
        if (task.Asked != ScheduleStatus.Init || TargetOf(update, task.Instance) is var target && target == 0) return;
        if (!RunsTheSame(task.Version, target)) return;
        var ends = update.Ends.SetItem(task.Instance, update.Ends.GetValueOrDefault(task.Instance) + 1);
        _header = _header with { Update = update with { Ends = ends } };
    }
}
