namespace OrleansScheduler.Cli;

/// <summary>How cron jobs and their runs look.</summary>
internal static class CronListing
{
    /// <summary>The columns of a list of cron jobs.</summary>
    public static Listing<JobView> For(Session session) => new(
        job => job.Key.ToString(),
        new("JOB", job => job.Key.ToString()),
        new("SCHEDULE", job => job.Spec.Schedule?.Expression),
        new("ZONE", job => job.Spec.Schedule?.TimeZone),
        new("NEXT", job => Next(session, job.Cron)),
        new("RUNNING", job => $"{job.Cron?.Active.Length ?? 0}"),
        new("LAST RUN", job => Last(session, job.Cron)),
        new("COLLISION", job => Word(job.Spec.Schedule?.Collision), WideOnly: true),
        new("STARTED", job => $"{job.Cron?.Started}", WideOnly: true),
        new("PASSED OVER", job => $"{job.Cron?.PassedOver}", WideOnly: true),
        new("MISSED", job => $"{job.Cron?.Missed}", WideOnly: true));

    private static readonly Listing<CronRun> Runs = new(
        run => $"{run.Number}",
        new("RUN", run => $"{run.Number}"),
        new("WHY", run => run.Trigger.ToString()),
        new("STARTED", run => Time(run.StartedAt)),
        new("TOOK", run => run.EndedAt is { } end ? Words.Of(end - run.StartedAt) : ""),
        new("VERSION", run => $"{run.Version}"),
        new("INSTANCES", run => run.Instances == 1
            ? $"{run.FirstInstance}"
            : $"{run.FirstInstance}-{run.FirstInstance + run.Instances - 1}"),
        new("OUTCOME", Outcome));

    /// <summary>One cron job for people.</summary>
    public static void Describe(Session session, JobView job)
    {
        var (schedule, cron, printer) = (job.Spec.Schedule!, job.Cron!, session.Printer);
        printer.Facts(
            ("Job", job.Key.ToString()),
            ("Phase", Words.Of(job.Phase)),
            ("Schedule", $"{schedule.Expression} ({schedule.TimeZone})"),
            ("Collision", Word(schedule.Collision)),
            ("Catch-up", schedule.CatchUp switch { 0 => "none", 1 => "last", var most => $"{most}" }),
            ("Jitter", schedule.Jitter == TimeSpan.Zero ? "" : $"up to {Units.FormatDuration(schedule.Jitter)}"),
            ("Next", Next(session, cron)),
            ("Then", string.Join(", ", cron.NextRuns.Skip(1).Select(Time))),
            ("Waiting", cron.Waiting is { } waiting ? $"{waiting}, until the tasks before have ended" : ""),
            ("To make up", cron.Backlog.IsEmpty ? "" : string.Join(", ", cron.Backlog.Select(Time))),
            ("Runs", $"{cron.Started} started, {cron.PassedOver} passed over, {cron.Missed} missed"));
        if (cron.Active.IsEmpty && cron.Recent.IsEmpty) return;
        printer.Text("");
        printer.Table([.. cron.Active.Reverse(), .. cron.Recent], Runs);
    }

    /// <summary>A moment with the offset of its zone.</summary>
    public static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss zzz");

    private static Field Next(Session session, CronView? cron) => cron switch
    {
        { Descheduled: true } => new Field("off its schedule", Tone.Faint),
        { Paused: true } => new Field("paused", Tone.Busy),
        { NextRuns: [var next, ..] } => $"{Time(next)} (in {Words.Of(next - session.Now)})",
        _ => "",
    };

    private static Field Last(Session session, CronView? cron)
    {
        if (cron?.Recent is not [var run, ..]) return "";
        var outcome = Outcome(run);
        return outcome with { Text = $"{outcome.Text} {session.Age(run.EndedAt ?? run.StartedAt)} ago" };
    }

    private static Field Outcome(CronRun run) => new(run.Outcome.ToString().ToLowerInvariant(), run.Outcome switch
    {
        CronOutcome.Finished => Tone.Good,
        CronOutcome.Failed => Tone.Bad,
        CronOutcome.Killed => Tone.Faint,
        _ => Tone.Busy,
    });

    private static string Word(CronCollision? collision) => collision switch
    {
        CronCollision.KillExisting => "kill-existing",
        CronCollision.CancelNew => "cancel-new",
        CronCollision.Allow => "allow",
        _ => "",
    };
}
