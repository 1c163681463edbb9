namespace OrleansScheduler.Core;

/// <summary>The strategy that puts a new set beside the old one. Pure.</summary>
/// <remarks>
/// It is a variable batch of two groups: all that is new, then all that is old. The new ones arrive together, so that at the switch every
/// one of them has been well for the watch time.
/// </remarks>
internal static class BlueGreen
{
    /// <summary>Number of the first instance after an update to a spec: the new set stands behind the old one, or before it where there
    /// is room again.</summary>
    public static int FirstOf(JobSpec spec, int first, int instances)
    {
        if (spec.Update.Strategy != UpdateStrategy.BlueGreen) return first;
        return spec.Instances <= first ? 0 : first + instances;
    }

    /// <summary>The groups in which instances set out.</summary>
    public static UpdatePolicy Groups(UpdatePolicy policy, int creates) => policy.Strategy == UpdateStrategy.BlueGreen
        ? policy with { Strategy = UpdateStrategy.VariableBatch, Batches = [creates, JobLimits.MaxInstances], AutoPause = false }
        : policy;

    /// <summary>Whether those in flight wait for each other.</summary>
    public static bool ArriveTogether(UpdatePolicy policy, bool backward, int taken, int creates) =>
        policy.Strategy == UpdateStrategy.BlueGreen && !backward && taken == creates;
}
