namespace OrleansScheduler.Core;

/// <summary>Values of the job file that stand for fields left out, where the spec itself has no default.</summary>
internal static class JobDefaults
{
    public const string TimeZone = "UTC";

    public const CronCollision Collision = CronCollision.KillExisting;

    public const string CatchUpNone = "none";

    public const string CatchUpLast = "last";

    public const string HealthPath = "/health";

    public const string SlaKey = "drain";

    public static readonly TimeSpan SlaDuration = SlaPolicy.DefaultDuration;
}
