namespace OrleansScheduler.Core;

/// <summary>What a lease of a node promises on both sides: durations only, each measured by one clock.</summary>
/// <remarks>
/// The agent counts from the moment at which it sent the request, the cell from the moment at which it granted it, which is later. So the
/// agent's end comes first, also when clocks drift apart by a hundredth each, as long as the cell waits for <see cref="SurelyOver"/>.
/// </remarks>
/// <param name="Duration">How long strict tasks may run on without another grant.</param>
public readonly record struct LeaseTerms(TimeSpan Duration)
{
    /// <summary>Time in which a node has ended all strict tasks after its lease has: looks every half a second, then kills.</summary>
    public static readonly TimeSpan KillTime = TimeSpan.FromSeconds(2);

    private const double Drift = 0.01;
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.5);

    /// <summary>Time after the last grant at which no strict task of the node runs any more.</summary>
    public TimeSpan SurelyOver => (Duration * (1 + (2 * Drift))) + KillTime + Margin;
}
