namespace OrleansScheduler.Core;

/// <summary>Decides how many instances set out when. Pure: counts in, counts out.</summary>
/// <remarks>
/// The instances of an update stand in one order. On the way back those that had set out come in the reverse order, in the same groups.
/// </remarks>
public static class UpdateStrategy
{
    /// <summary>Keeps a number of instances in flight.</summary>
    public const string Queue = "queue";

    /// <summary>One group after the other, all of the same size.</summary>
    public const string Batch = "batch";

    /// <summary>One group after the other, each of its own size.</summary>
    public const string VariableBatch = "variable-batch";

    /// <summary>A new set beside the old one, which is stopped when all of the new one are well.</summary>
    public const string BlueGreen = "blue-green";

    /// <summary>How many more may set out.</summary>
    /// <param name="policy">The strategy.</param>
    /// <param name="backward">Whether the update goes back.</param>
    /// <param name="span">How many instances there are on this way.</param>
    /// <param name="taken">How many of them have set out.</param>
    /// <param name="inFlight">How many of those have not arrived.</param>
    public static int Next(UpdatePolicy policy, bool backward, int span, int taken, int inFlight)
    {
        if (taken >= span) return 0;
        if (policy.Strategy == Queue) return Math.Clamp(policy.Batch - inFlight, 0, span - taken);
        return inFlight > 0 ? 0 : GroupEnd(policy, backward, span, taken) - taken;
    }

    /// <summary>Whether the strategy holds the update here until somebody resumes it: behind every group but the last, on the way
    /// forward.</summary>
    public static bool PausesAt(UpdatePolicy policy, bool backward, int span, int taken) =>
        policy.AutoPause && !backward && policy.Strategy != Queue && taken > 0 && taken < span
        && GroupEnd(policy, backward: false, span, taken - 1) == taken;

    /// <summary>Where the group that holds a position ends.</summary>
    internal static int GroupEnd(UpdatePolicy policy, bool backward, int span, int position)
    {
        if (backward) return span - Group(policy, span - 1 - position).Start;
        var (start, size) = Group(policy, position);
        return Math.Min(start + size, span);
    }

    private static (int Start, int Size) Group(UpdatePolicy policy, int position)
    {
        if (policy.Strategy != VariableBatch || policy.Batches.IsDefaultOrEmpty) return Even(0, policy.Batch, position);
        var start = 0;
        foreach (var size in policy.Batches)
        {
            if (position < start + size) return (start, size);
            start += size;
        }

        return Even(start, policy.Batches[^1], position);
    }

    private static (int Start, int Size) Even(int from, int size, int position) => (from + ((position - from) / size * size), size);
}
