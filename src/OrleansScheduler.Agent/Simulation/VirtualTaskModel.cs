namespace OrleansScheduler.Agent;

/// <summary>How tasks of virtual nodes fare: the same for the same seed, whatever the order in which they start.</summary>
public sealed record VirtualTaskModel
{
    /// <summary>Makes runs with other numbers. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>From the command to RUNNING. Default none.</summary>
    public TimeSpan StartDelay { get; init; }

    /// <summary>Part of a task's duration by which it may be longer or shorter, 0 to 1. Default 0.</summary>
    public double Spread { get; init; }

    /// <summary>Share of attempts that exit 1, 0 to 1. Default 0.</summary>
    public double FailureRate { get; init; }

    /// <summary>How long an attempt runs (null for ever) and whether it then fails.</summary>
    internal (TimeSpan? Duration, bool Fails) Of(SimulatedJob job, int instance, int number)
    {
        if (job.Duration == TimeSpan.Zero) return (null, false);
        var mixed = OrleansScheduler.Core.Digest.Of(new(job.Key, instance, number), Seed);
        var (first, second) = ((uint)mixed / (double)(1UL << 32), (uint)(mixed >> 32) / (double)(1UL << 32));
        return (job.Duration * (1 + (Spread * ((2 * first) - 1))), second < FailureRate);
    }
}
