namespace OrleansScheduler.Core;

/// <content>What users ask of the job's update.</content>
public sealed partial class JobRound
{
    /// <summary>Pauses, resumes, ends or turns round the update, or tells it that its guard is alive.</summary>
    /// <param name="operationId">Names this operation; a pulse needs none, for twice is as once.</param>
    /// <param name="verb">What is asked.</param>
    /// <param name="number">Which update; null for the one that is there.</param>
    /// <param name="message">Why, for people; null when nobody said.</param>
    /// <param name="actor">Who asked.</param>
    public Answer<UpdateReceipt> ChangeUpdate(string operationId, UpdateVerb verb, int? number, string? message, string actor)
    {
        if (verb == UpdateVerb.Pulse) return Pulse(number, actor);
        var (name, subject) = ($"update-{WordOf(verb)}", $"{number}");
        if (FindOperation(operationId) is { } known)
        {
            if (known.Verb != name || known.Subject != subject) return KeyReused(operationId);
            return new UpdateReceipt
            {
                Key = state.Key,
                Update = known.Version,
                Status = known.Outcome,
                Message = Words(verb, known.Version),
            };
        }

        if (!Exists) return Problem.NoSuchJob(state.Key);
        if (_header.Update is not { } update || (number is { } wanted && wanted != update.ToVersion))
        {
            return number is { } other && state.Updates.Find(other) is { } ended
                ? UpdateProblems.NotActive(state.Key, ended)
                : UpdateProblems.NotFound(state.Key, number);
        }

        if (UpdateMachine.After(update.Status, verb, IsSilent(update)) is not { } next) return UpdateProblems.NotActive(state.Key, update);
        if (next != update.Status)
        {
            var why = message is null ? $"{Past(verb)} by {actor}" : $"{Past(verb)} by {actor}: {message}";
            if (verb == UpdateVerb.Rollback) Rollback(update, why, actor);
            else MoveTo(update, next, why, actor);
            if (verb == UpdateVerb.Abort) StayAsItIs(update);
        }

        _operations.Add(new JobOperation(operationId, name, subject, update.ToVersion, 0, next.ToName()));
        return new UpdateReceipt
        {
            Key = state.Key,
            Update = update.ToVersion,
            Status = next.ToName(),
            Message = Words(verb, update.ToVersion),
        };
    }

    /// <summary>Starts to move the job to the spec that an earlier version had.</summary>
    public Answer<SubmitReceipt> RollbackTo(string operationId, int to, int? expectedVersion, string actor)
    {
        if (FindOperation(operationId) is { } known)
        {
            return known.Verb == "rollback" && known.Subject == $"{to}"
                ? new SubmitReceipt { Key = state.Key, Version = known.Version, Outcome = known.Outcome }
                : KeyReused(operationId);
        }

        if (!Exists) return Problem.NoSuchJob(state.Key);
        if (expectedVersion is { } expected && expected != _header.Version) return VersionConflict(expected);
        if (!state.Versions.TryGetValue(to, out var version)) return JobDiff.NoSuchVersion(state.Key, state.Versions.Keys, to);

        // All of the job goes back, also when that version was a canary of some instances.
        var spec = version.Spec with { Update = version.Spec.Update with { Instances = InstanceSet.Empty } };
        var outcome = Change(spec, actor);
        if (outcome.Problem is { } problem) return problem;
        _operations.Add(new JobOperation(operationId, "rollback", $"{to}", _header.Version, spec.Instances, outcome.Value!));
        return new SubmitReceipt { Key = state.Key, Version = _header.Version, Outcome = outcome.Value! };
    }

    /// <summary>Who asks for it is as good a sign of life as a pulse.</summary>
    private void Rollback(UpdateState update, string why, string actor)
    {
        if (update.LastPulse is not null || update.Status.AwaitsPulse()) update = update with { LastPulse = now };
        if (!update.IsBackward) TurnRound(update, why, actor);
        else MoveTo(update, UpdateStatus.RollingBack, why, actor);
    }

    /// <summary>Answers <c>finished</c> for an update that needs no pulse any more, so that its guard can go.</summary>
    private Answer<UpdateReceipt> Pulse(int? number, string actor)
    {
        if (!Exists) return Problem.NoSuchJob(state.Key);
        if (_header.Update is not { IsActive: true } update || (number is { } wanted && wanted != update.ToVersion))
        {
            var last = number is { } other ? state.Updates.Find(other) : _header.Update;
            return new UpdateReceipt
            {
                Key = state.Key,
                Update = last?.ToVersion ?? number ?? 0,
                Status = last?.StatusName,
                Pulse = UpdateReceipt.PulseFinished,
                Message = $"{state.Key} has no such active update: it needs no pulse any more.",
            };
        }

        update = update with { LastPulse = now };
        _header = _header with { Update = update };
        if (UpdateMachine.After(update.Status, UpdateVerb.Pulse, isSilent: false) is { } next && next != update.Status)
            update = MoveTo(update, next, "Pulse received", actor);
        return new UpdateReceipt
        {
            Key = state.Key,
            Update = update.ToVersion,
            Status = update.StatusName,
            Pulse = UpdateReceipt.PulseOk,
            Message = Words(UpdateVerb.Pulse, update.ToVersion),
        };
    }

    private static string WordOf(UpdateVerb verb) => verb.ToString().ToLowerInvariant();

    private static string Past(UpdateVerb verb) => verb switch
    {
        UpdateVerb.Pause => "Paused",
        UpdateVerb.Resume => "Resumed",
        UpdateVerb.Abort => "Aborted",
        _ => "Rolled back",
    };

    private string Words(UpdateVerb verb, int update) => verb switch
    {
        UpdateVerb.Pause => $"Update {update} of {state.Key} is paused.",
        UpdateVerb.Resume => $"Update {update} of {state.Key} goes on.",
        UpdateVerb.Abort => $"Update {update} of {state.Key} is aborted; its instances stay what they are.",
        UpdateVerb.Rollback => $"Update {update} of {state.Key} is being rolled back.",
        _ => $"Update {update} of {state.Key} has got the pulse.",
    };

    private Problem VersionConflict(int expected) => Problem.Of(ProblemKind.Outdated, "version-conflict",
        $"{state.Key} has version {_header.Version}, not {expected}: read it again before you change it.");
}
