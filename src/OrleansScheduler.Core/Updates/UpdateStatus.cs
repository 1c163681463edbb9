namespace OrleansScheduler.Core;

/// <summary>Where an update is. Names and numbers are Aurora's (JobUpdateStatus).</summary>
public enum UpdateStatus
{
    /// <summary>Instances move to the new version.</summary>
    RollingForward = 0,

    /// <summary>Instances move back to what they were.</summary>
    RollingBack = 1,

    /// <summary>A user or the strategy holds it on its way forward.</summary>
    RollForwardPaused = 2,

    /// <summary>A user holds it on its way back.</summary>
    RollBackPaused = 3,

    /// <summary>All instances have the new version.</summary>
    RolledForward = 4,

    /// <summary>All instances are what they were before.</summary>
    RolledBack = 5,

    /// <summary>A user ended it half way.</summary>
    Aborted = 6,

    /// <summary>The scheduler could not go on with it.</summary>
    Error = 7,

    /// <summary>It failed and did not, or could not, go back.</summary>
    Failed = 8,

    /// <summary>It goes forward again with the next pulse.</summary>
    RollForwardAwaitingPulse = 9,

    /// <summary>It goes back again with the next pulse.</summary>
    RollBackAwaitingPulse = 10,
}

/// <summary>The groups of states that rules speak of.</summary>
public static class UpdateStatusExtensions
{
    /// <summary>Whether the update has not ended.</summary>
    public static bool IsActive(this UpdateStatus status) => status.IsRolling() || status.IsPaused() || status.AwaitsPulse();

    /// <summary>Whether instances move.</summary>
    public static bool IsRolling(this UpdateStatus status) => status is UpdateStatus.RollingForward or UpdateStatus.RollingBack;

    /// <summary>Whether somebody has to resume it.</summary>
    public static bool IsPaused(this UpdateStatus status) => status is UpdateStatus.RollForwardPaused or UpdateStatus.RollBackPaused;

    /// <summary>Whether it waits for a pulse.</summary>
    public static bool AwaitsPulse(this UpdateStatus status) =>
        status is UpdateStatus.RollForwardAwaitingPulse or UpdateStatus.RollBackAwaitingPulse;

    /// <summary>Whether it goes, or went, back.</summary>
    public static bool IsBackward(this UpdateStatus status) => status
        is UpdateStatus.RollingBack or UpdateStatus.RollBackPaused or UpdateStatus.RollBackAwaitingPulse or UpdateStatus.RolledBack;

    /// <summary>The name as Aurora writes it: upper case.</summary>
    public static string ToName(this UpdateStatus status) => status switch
    {
        UpdateStatus.RollingForward => "ROLLING_FORWARD",
        UpdateStatus.RollingBack => "ROLLING_BACK",
        UpdateStatus.RollForwardPaused => "ROLL_FORWARD_PAUSED",
        UpdateStatus.RollBackPaused => "ROLL_BACK_PAUSED",
        UpdateStatus.RolledForward => "ROLLED_FORWARD",
        UpdateStatus.RolledBack => "ROLLED_BACK",
        UpdateStatus.Aborted => "ABORTED",
        UpdateStatus.Error => "ERROR",
        UpdateStatus.Failed => "FAILED",
        UpdateStatus.RollForwardAwaitingPulse => "ROLL_FORWARD_AWAITING_PULSE",
        UpdateStatus.RollBackAwaitingPulse => "ROLL_BACK_AWAITING_PULSE",
        _ => throw new InvariantException($"unknown update status {(int)status}"),
    };
}
