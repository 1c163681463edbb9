namespace OrleansScheduler.Cli;

/// <summary>A time that was typed.</summary>
/// <param name="Fixed">The time itself; null when it is counted from now.</param>
/// <param name="Wait">How long from now.</param>
internal sealed record PointInTime(DateTimeOffset? Fixed, TimeSpan Wait)
{
    /// <summary>The time, seen from <paramref name="now"/>.</summary>
    public DateTimeOffset At(DateTimeOffset now) => Fixed ?? now + Wait;
}
