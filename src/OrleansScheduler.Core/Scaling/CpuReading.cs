namespace OrleansScheduler.Core;

/// <summary>Makes one reading for a scale policy of what agents have measured. Pure.</summary>
public static class CpuReading
{
    /// <summary>
    /// The cpu that all instances use together, in percent of what one of them asks for. Those of which nothing is known yet, because they
    /// have just started, count as the average of the others.
    /// </summary>
    /// <param name="uses">What is known of the instances.</param>
    /// <param name="instances">How many run.</param>
    /// <param name="requestMillis">What one asks for.</param>
    public static (double? Value, string? Failure) Of(IReadOnlyCollection<TaskUse> uses, int instances, long requestMillis)
    {
        var known = uses.Where(use => use.CpuMillis is not null).ToList();
        if (known.Count == 0 || requestMillis <= 0) return (null, "No node has said yet how much cpu the instances use.");
        return (known.Average(use => use.CpuMillis!.Value) * 100.0 / requestMillis * instances, null);
    }
}
