namespace OrleansScheduler.Contracts;

/// <summary>
/// A gateway asks this again as it does everything else, only later: it takes longer than most, and many may ask it at once.
/// </summary>
/// <param name="afterSeconds">How long it waits for the answer before it asks for the second time.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AskedAgainAttribute(int afterSeconds) : Attribute
{
    /// <summary>How long it waits for the answer before it asks for the second time.</summary>
    public TimeSpan After { get; } = TimeSpan.FromSeconds(afterSeconds);
}
