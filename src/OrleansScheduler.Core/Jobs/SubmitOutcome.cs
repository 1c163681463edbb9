namespace OrleansScheduler.Core;

/// <summary>What a submit does to a job, in one stable word.</summary>
public static class SubmitOutcome
{
    /// <summary>The job is new.</summary>
    public const string Created = "created";

    /// <summary>It was stopped or had ended and starts again.</summary>
    public const string Started = "started";

    /// <summary>Its instances move to the new version one batch after the other.</summary>
    public const string Updating = "updating";

    /// <summary>It changes in place: no instance that goes on is restarted.</summary>
    public const string Changed = "changed";

    /// <summary>It already is what was asked for.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>It cannot be done to the job as it is; only a plan says so.</summary>
    public const string Refused = "refused";
}
