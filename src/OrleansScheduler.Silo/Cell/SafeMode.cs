using Microsoft.Extensions.Options;

namespace OrleansScheduler.Silo;

/// <summary>
/// Whether this silo may have tasks ended that it does not know. Not in a restored cell before an operator has looked at it, and not in
/// its first seconds: a store that is older than what runs is only noticed when agents have spoken.
/// </summary>
internal sealed class SafeMode(IOptions<CellOptions> options, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private volatile bool _on;

    /// <summary>Whether the cell is in safe mode, as far as this silo knows: nothing is ended and nothing new is placed.</summary>
    public bool IsOn => _on;

    /// <summary>Whether what no job wants is left alone for now.</summary>
    public bool SparesUnknown => _on || time.GetElapsedTime(_started) < options.Value.SettleFor;

    /// <summary>The cell's record says so.</summary>
    public void Set(bool on) => _on = on;
}
