namespace OrleansScheduler.Core;

/// <summary>The decisions of one moment about one cron job, collected on top of its state.</summary>
internal sealed class CronTurn(CronState state, CronTerms terms, DateTimeOffset now)
{
    private readonly ImmutableArray<CronDecision>.Builder _decisions = ImmutableArray.CreateBuilder<CronDecision>();
    private CronState _state = state;

    public CronStep ToStep() => new(_state, _decisions.DrainToImmutable());

    /// <summary>Every occurrence that is due: those that are later than the grace are missed, the others happen one after the
    /// other.</summary>
    public void DecideDue()
    {
        var timetable = terms.Timetable!;
        var cut = now - CronMachine.Grace;
        DateTimeOffset? firstMissed = null;
        long missed = 0;
        List<DateTimeOffset> inTime = [];
        var from = _state.DecidedUntil;
        while (timetable.Next(from) is { } occurrence)
        {
            var due = DueAt(occurrence);
            if (due > now) break;
            from = occurrence;
            if (due >= cut)
            {
                inTime.Add(occurrence);
                continue;
            }

            firstMissed ??= occurrence;
            missed++;

            // Counted no further: the rest up to the last one that is too late goes in one leap.
            if (missed == CronMachine.MaxCounted && LastMissed(cut, from) is { } last) from = last;
        }

        if (firstMissed is { } first) Miss(first, missed, cut, inTime.Count);
        for (var i = 0; i < inTime.Count; i++)
        {
            _state = _state with { DecidedUntil = inTime[i] };
            Trigger(inTime[i], isLast: i == inTime.Count - 1);
        }
    }

    /// <summary>Starts what is to be made up for, as far as there is room.</summary>
    public void CatchUp()
    {
        while (_state is { Backlog: [var occurrence, ..], Waiting: null, IsScheduled: true }
            && (_state.Active.IsEmpty || terms.Schedule.Collision == CronCollision.Allow)
            && FreeBlock() is { } block)
        {
            _state = _state with { Backlog = _state.Backlog.RemoveAt(0) };
            Begin(new(CronOrigin.CatchUp, occurrence, null, null), block);
        }
    }

    public void Accept(string actor)
    {
        _state = _state with { Descheduled = false, DecidedUntil = now > _state.DecidedUntil ? now : _state.DecidedUntil };
        Say(CronDecisionKind.Scheduled,
            $"On schedule {terms.Schedule.Expression} ({terms.Schedule.TimeZone}) by {actor}{(_state.Paused ? ", still paused" : "")}");
    }

    /// <summary>A run now, by the rules that an occurrence keeps too; or why there is none.</summary>
    public Problem? Start(CronEvent.StartNow start)
    {
        var trigger = new CronTrigger(CronOrigin.User, null, start.Actor, start.Operation);
        return Collide(trigger) is { } why
            ? Problem.Of(ProblemKind.Conflict, "cron-run-active", $"{terms.Key} does not start: {why}.")
            : null;
    }

    public void Pause(string actor)
    {
        if (_state.Paused) return;
        _state = _state with { Paused = true };
        Say(CronDecisionKind.Paused, $"Paused by {actor}");
        DropBacklog($"the job was paused by {actor}");
    }

    public void Resume(string actor)
    {
        if (!_state.Paused) return;
        Skip("the job was paused");
        _state = _state with { Paused = false };
        Say(CronDecisionKind.Resumed, $"Resumed by {actor}");
    }

    /// <summary>Leaves out everything up to now that has not been decided.</summary>
    public void Skip(string why)
    {
        if (_state.Descheduled || terms.Timetable is not { } timetable) return;
        var skipped = timetable.After(_state.DecidedUntil).TakeWhile(o => o <= now).Take(CronMachine.MaxCounted).ToList();
        if (skipped.Count == 0) return;
        var isAll = skipped.Count < CronMachine.MaxCounted;
        var last = isAll ? skipped[^1] : timetable.Before(now.AddTicks(1), skipped[^1]).First();
        PassOver(skipped[0], $"{(isAll ? "" : "at least ")}{skipped.Count} passed over: {why}", last, skipped.Count);
        _state = _state with { DecidedUntil = last };
    }

    public void Deschedule(string actor)
    {
        if (_state.Descheduled) return;
        var why = $"the job was taken off its schedule by {actor}";
        if (_state.Waiting is { } waiting)
        {
            _state = _state with { Waiting = null };
            PassOver(waiting.Occurrence, $"{Capital(waiting)} does not start: {why}", count: waiting.Occurrence is null ? 0 : 1);
        }

        DropBacklog(why);
        _state = _state with { Descheduled = true, Paused = false };
        Say(CronDecisionKind.Descheduled, $"Taken off its schedule by {actor}");
    }

    public void End(long number, CronOutcome outcome)
    {
        var index = _state.Active.ToList().FindIndex(run => run.Number == number);
        if (index < 0) return;
        var ended = _state.Active[index] with { EndedAt = now, Outcome = outcome };
        var recent = _state.Recent.Add(ended);
        _state = _state with
        {
            Active = _state.Active.RemoveAt(index),
            Recent = recent.Length > CronMachine.MaxRecent ? recent.RemoveAt(0) : recent,
        };
        _decisions.Add(new(CronDecisionKind.RunEnded, $"Run {number} {outcome.ToString().ToLowerInvariant()}") { Run = ended });
        if (_state.Waiting is not { } waiting || !_state.Active.IsEmpty) return;
        _state = _state with { Waiting = null };
        Begin(waiting, block: 0);
    }

    private void Trigger(DateTimeOffset occurrence, bool isLast)
    {
        var trigger = new CronTrigger(CronOrigin.Schedule, occurrence, null, null);

        // Its tasks would be killed before anybody hears of them.
        var why = !isLast && terms.Schedule.Collision == CronCollision.KillExisting
            ? "the next one is due already and would kill it"
            : Collide(trigger);
        if (why is not null) PassOver(occurrence, $"{Capital(trigger)} is passed over: {why}");
    }

    /// <summary>Starts a run or lets it wait for those that go, by the job's collision policy; else says why it does neither.</summary>
    private string? Collide(CronTrigger trigger)
    {
        if (_state.Waiting is { } waiting) return $"{waiting} still waits for its predecessor to end";
        if (_state.Active.IsEmpty)
        {
            Begin(trigger, block: 0);
            return null;
        }

        switch (terms.Schedule.Collision)
        {
            case CronCollision.CancelNew:
                return $"run {_state.Active[^1].Number} has not ended";
            case CronCollision.Allow:
                if (FreeBlock() is not { } block) return $"{_state.Active.Length} runs go side by side, which is as many as may";
                Begin(trigger, block);
                return null;
            default:
                _state = _state with { Waiting = trigger };
                var old = string.Join(", ", _state.Active.Select(run => $"run {run.Number}"));
                Say(CronDecisionKind.RunWaits, $"{Capital(trigger)} starts when {old} has been killed", trigger.Occurrence);
                return null;
        }
    }

    private void Begin(CronTrigger trigger, int block)
    {
        var run = new CronRun
        {
            Number = _state.Started + 1,
            Trigger = trigger,
            StartedAt = now,
            Version = terms.Version,
            FirstInstance = block,
            Instances = terms.Instances,
        };
        _state = _state with { Started = run.Number, Active = _state.Active.Add(run) };
        _decisions.Add(new(CronDecisionKind.RunStarted, $"Run {run.Number}: {trigger}, version {run.Version}")
        {
            Run = run,
            From = trigger.Occurrence,
            To = trigger.Occurrence,
        });
    }

    /// <summary>The first instance of the lowest gap between the runs that go; null when as many go as may.</summary>
    private int? FreeBlock()
    {
        if (_state.Active.Length >= CronMachine.MaxSideBySide) return null;
        var first = 0;
        foreach (var run in _state.Active.OrderBy(run => run.FirstInstance))
        {
            if (run.FirstInstance - first >= terms.Instances) break;
            first = Math.Max(first, run.FirstInstance + run.Instances);
        }

        return first + terms.Instances <= JobLimits.MaxInstances ? first : null;
    }

    private void Miss(DateTimeOffset first, long count, DateTimeOffset cut, int inTime)
    {
        // A run that starts in time stands for one of those that were missed: the job has caught up with it all the same.
        var wanted = Math.Max(0, Math.Min(terms.Schedule.CatchUp, CronMachine.MaxCatchUp) - inTime);
        var kept = terms.Timetable!.Before(cut, first).Where(o => DueAt(o) < cut).Take(wanted).Reverse()
            .ToImmutableArray();
        var last = LastMissed(cut, first) ?? first;
        var backlog = _state.Backlog.AddRange(kept);
        var dropped = Math.Max(0, backlog.Length - wanted);
        if (dropped > 0 && _state.Backlog is [var oldest, ..])
        {
            var length = Math.Min(dropped, _state.Backlog.Length);
            PassOver(oldest, $"{length} missed before are not made up for any more", _state.Backlog[length - 1], length);
        }

        _state = _state with
        {
            DecidedUntil = last,
            Backlog = backlog.RemoveRange(0, dropped),
            Missed = _state.Missed + count - kept.Length,
        };
        var number = count >= CronMachine.MaxCounted ? $"at least {count}" : $"{count}";
        var madeUp = kept.IsEmpty ? "not made up for" : kept.Length == count ? "made up for" : $"the last {kept.Length} made up for";
        _decisions.Add(new(CronDecisionKind.Missed,
            $"{number} missed from {CronTrigger.Stamp(first)} to {CronTrigger.Stamp(last)} while nobody looked, {madeUp} ({Policy})")
        {
            From = first,
            To = last,
            Kept = kept,
        });
    }

    private void DropBacklog(string why)
    {
        if (_state.Backlog is not [var first, ..] backlog) return;
        _state = _state with { Backlog = [] };
        PassOver(first, $"{backlog.Length} missed before are not made up for: {why}", backlog[^1], backlog.Length);
    }

    private void PassOver(DateTimeOffset? from, string message, DateTimeOffset? to = null, long count = 1)
    {
        _state = _state with { PassedOver = _state.PassedOver + count };
        _decisions.Add(new(CronDecisionKind.PassedOver, message) { From = from, To = to ?? from });
    }

    private void Say(CronDecisionKind kind, string message, DateTimeOffset? occurrence = null) =>
        _decisions.Add(new(kind, message) { From = occurrence, To = occurrence });

    private DateTimeOffset DueAt(DateTimeOffset occurrence) => terms.Timetable!.DueAt(occurrence, terms.Schedule.Jitter, terms.Key);

    private DateTimeOffset? LastMissed(DateTimeOffset cut, DateTimeOffset from)
    {
        foreach (var occurrence in terms.Timetable!.Before(cut, from))
        {
            if (DueAt(occurrence) < cut) return occurrence;
        }

        return null;
    }

    private string Policy => terms.Schedule.CatchUp switch
    {
        0 => "catch-up: none",
        1 => "catch-up: last",
        var most => $"catch-up: {most}",
    };

    private static string Capital(CronTrigger trigger)
    {
        var text = trigger.ToString();
        return char.ToUpperInvariant(text[0]) + text[1..];
    }
}
