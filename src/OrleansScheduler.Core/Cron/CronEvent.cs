namespace OrleansScheduler.Core;

/// <summary>What a user asks of a cron job.</summary>
public enum CronVerb
{
    /// <summary>Run now, whatever the schedule says.</summary>
    Start,

    /// <summary>Pass occurrences over until it is resumed.</summary>
    Pause,

    /// <summary>Follow the schedule again.</summary>
    Resume,

    /// <summary>Take it off its schedule; what runs goes on.</summary>
    Stop,
}

/// <summary>Something that happens to a cron job, other than that time passes.</summary>
public abstract record CronEvent
{
    private CronEvent()
    {
    }

    /// <summary>The schedule is about to be replaced: what it still had to decide up to now is passed over.</summary>
    /// <param name="Actor">Who does it.</param>
    public sealed record Replaced(string Actor) : CronEvent;

    /// <summary>The job was put on its schedule, a new one or again. Times up to now are no business of it.</summary>
    /// <param name="Actor">Who did it.</param>
    public sealed record Accepted(string Actor) : CronEvent;

    /// <summary>A user wants it to run now.</summary>
    /// <param name="Actor">Who.</param>
    /// <param name="Operation">By which operation.</param>
    public sealed record StartNow(string Actor, string Operation) : CronEvent;

    /// <summary>A user pauses it.</summary>
    /// <param name="Actor">Who.</param>
    public sealed record Pause(string Actor) : CronEvent;

    /// <summary>A user resumes it.</summary>
    /// <param name="Actor">Who.</param>
    public sealed record Resume(string Actor) : CronEvent;

    /// <summary>A user takes it off its schedule.</summary>
    /// <param name="Actor">Who.</param>
    public sealed record Deschedule(string Actor) : CronEvent;

    /// <summary>All tasks of a run have ended.</summary>
    /// <param name="Number">Which run.</param>
    /// <param name="Outcome">How.</param>
    public sealed record RunEnded(long Number, CronOutcome Outcome) : CronEvent;
}

/// <summary>What the job says just now about its runs.</summary>
/// <param name="Key">The job.</param>
/// <param name="Schedule">Its schedule.</param>
/// <param name="Timetable">The same as times; null when this machine cannot read it, and then nothing is due.</param>
/// <param name="Version">The version that says so.</param>
/// <param name="Instances">How many instances a run has.</param>
public sealed record CronTerms(JobKey Key, CronSchedule Schedule, CronTimetable? Timetable, int Version, int Instances);
