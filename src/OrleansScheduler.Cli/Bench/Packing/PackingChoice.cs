namespace OrleansScheduler.Cli;

/// <summary>The machine that a rule chooses.</summary>
/// <param name="Node">Its number; -1 when none fits.</param>
/// <param name="Device">The GPU that a share gets.</param>
/// <param name="Cost">What it costs.</param>
internal readonly record struct PackingChoice(int Node, int Device, double Cost)
{
    /// <summary>No machine.</summary>
    public static readonly PackingChoice None = new(-1, 0, double.MaxValue);
}
