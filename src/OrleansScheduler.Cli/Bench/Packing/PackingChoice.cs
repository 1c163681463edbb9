namespace OrleansScheduler.Cli;

/// <summary>The machine that a rule chooses.</summary>
/// <param name="Node">Its number; -1 when none fits.</param>
/// <param name="Device">The GPU that a share gets.</param>
/// <param name="Cost">What it costs.</param>
internal readonly record struct PackingChoice(int Node, int Device, double Cost)
{
    /// <summary>No machine.</summary>
    public static readonly PackingChoice None = new(-1, 0, double.MaxValue);

    /// <summary>The best machine of all.</summary>
    public static PackingChoice Of(IPackingRule rule, PackingCell cell, in PackingShape shape)
    {
        var best = None;
        for (var i = 0; i < cell.Count; i++)
        {
            if (!cell.Fits(i, shape)) continue;
            var cost = rule.Cost(cell, i, shape, out var device);
            if (cost < best.Cost) best = new(i, device, cost);
        }

        return best;
    }
}
