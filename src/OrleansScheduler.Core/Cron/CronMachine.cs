namespace OrleansScheduler.Core;

/// <summary>
/// Decides when a cron job runs: every occurrence exactly once, in order, with a reason. Pure; its caller makes the state durable before
/// it acts.
/// </summary>
public static class CronMachine
{
    /// <summary>Most runs of one job that go side by side.</summary>
    public const int MaxSideBySide = 32;

    /// <summary>Most missed occurrences that can be made up for.</summary>
    public const int MaxCatchUp = 100;

    /// <summary>Runs that are remembered after their end.</summary>
    public const int MaxRecent = 10;

    /// <summary>More missed occurrences than this are not counted one by one.</summary>
    public const int MaxCounted = 10_000;

    /// <summary>An occurrence that is noticed within this time of being due runs as if it were in time: so much a fail-over may
    /// take.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    /// <summary>When time alone will bring something about; null for never.</summary>
    public static DateTimeOffset? NextDue(CronState state, CronTerms terms) =>
        state.IsScheduled && terms.Timetable is { } timetable && timetable.Next(state.DecidedUntil) is { } next
            ? timetable.DueAt(next, terms.Schedule.Jitter, terms.Key)
            : null;

    /// <summary>Decides every occurrence that is due and not decided yet.</summary>
    public static CronStep Due(CronState state, CronTerms terms, DateTimeOffset now)
    {
        var turn = new CronTurn(state, terms, now);
        if (NextDue(state, terms) <= now) turn.DecideDue();
        turn.CatchUp();
        return turn.ToStep();
    }

    /// <summary>
    /// Applies an event. What is due must have been decided before: commands are about what comes after them. Only a start can be
    /// refused.
    /// </summary>
    public static Answer<CronStep> Apply(CronState state, CronEvent e, CronTerms terms, DateTimeOffset now)
    {
        var turn = new CronTurn(state, terms, now);
        switch (e)
        {
            case CronEvent.Replaced replaced:
                turn.Skip($"the schedule was replaced by {replaced.Actor}");
                break;
            case CronEvent.Accepted accepted:
                turn.Accept(accepted.Actor);
                break;
            case CronEvent.StartNow start when state.Descheduled:
                return Problem.Of(ProblemKind.Conflict, "cron-descheduled",
                    $"{terms.Key} is off its schedule: submit it again before {start.Actor} starts it.");
            case CronEvent.StartNow start:
                return turn.Start(start) is { } refusal ? refusal : turn.ToStep();
            case CronEvent.Pause pause:
                turn.Pause(pause.Actor);
                break;
            case CronEvent.Resume resume:
                turn.Resume(resume.Actor);
                break;
            case CronEvent.Deschedule deschedule:
                turn.Deschedule(deschedule.Actor);
                break;
            case CronEvent.RunEnded ended:
                turn.End(ended.Number, ended.Outcome);
                break;
            default:
                throw new InvariantException($"no decision for {e}");
        }

        return turn.ToStep();
    }
}
