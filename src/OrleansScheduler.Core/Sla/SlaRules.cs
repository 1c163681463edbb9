namespace OrleansScheduler.Core;

/// <summary>Which jobs an SLA protects, as the cell sets it.</summary>
/// <param name="MinInstances">
/// Jobs with fewer active instances have no SLA. Aurora's default is 20, because with fewer a percentage means little; ours is 1: who
/// writes an SLA into the file of a small job means it.
/// </param>
/// <param name="EveryTier">Whether jobs of other tiers than <see cref="Tier.Preferred"/> have one too. Default false, as Aurora.</param>
public sealed record SlaSettings(int MinInstances, bool EveryTier)
{
    /// <summary>Every preferred job, whatever its size.</summary>
    public static readonly SlaSettings Default = new(1, EveryTier: false);
}

/// <summary>Whether an instance may be stopped now.</summary>
/// <param name="Allowed">Whether it may.</param>
/// <param name="Reason">Why not, a sentence for people; null when it may.</param>
/// <param name="RetryAt">When it may for certain if nothing else changes; null when no time alone brings that about.</param>
/// <param name="Coordinator">Who has to be asked by HTTP first; null when the answer is final.</param>
public readonly record struct SlaVerdict(bool Allowed, string? Reason, DateTimeOffset? RetryAt, Uri? Coordinator)
{
    /// <summary>It may.</summary>
    public static SlaVerdict Yes => new(true, null, null, null);
}

/// <summary>
/// Decides whether a job's SLA lets one of its instances be stopped: for maintenance and for updates that mind it. Semantics of Aurora's
/// <c>SlaManager</c>.
/// </summary>
public static class SlaRules
{
    /// <summary>Whether the SLA holds without the instance.</summary>
    /// <param name="policy">What must be left running.</param>
    /// <param name="spec">The job.</param>
    /// <param name="tasks">All its tasks.</param>
    /// <param name="instance">The one that is to be stopped.</param>
    /// <param name="now">The time.</param>
    public static SlaVerdict Judge(SlaPolicy policy, JobSpec spec, IEnumerable<ScheduledTask> tasks, int instance, DateTimeOffset now) =>
        Judge(policy, spec, tasks, instance, now, SlaSettings.Default);

    /// <summary>Whether the SLA holds without the instance.</summary>
    /// <param name="policy">What must be left running.</param>
    /// <param name="spec">The job.</param>
    /// <param name="tasks">All its tasks.</param>
    /// <param name="instance">The one that is to be stopped.</param>
    /// <param name="now">The time.</param>
    /// <param name="settings">Which jobs have an SLA at all.</param>
    public static SlaVerdict Judge(
        SlaPolicy policy, JobSpec spec, IEnumerable<ScheduledTask> tasks, int instance, DateTimeOffset now, SlaSettings settings)
    {
        if (spec.Tier != Tier.Preferred && !settings.EveryTier) return SlaVerdict.Yes;
        var active = 0;
        List<DateTimeOffset> counting = [];   // from when on each of the others counts as running
        foreach (var task in tasks)
        {
            if (!task.Status.IsActive()) continue;
            active++;
            if (task.Instance != instance && task.IsUp) counting.Add(task.UpSince + policy.Duration);
        }

        if (active < settings.MinInstances) return SlaVerdict.Yes;
        if (policy.Coordinator is { } coordinator)
            return new SlaVerdict(false, $"The coordinator {coordinator.Url} has to be asked.", null, new Uri(coordinator.Url));

        var needed = Needed(policy, active);
        var running = counting.Count(from => from <= now);
        if (running >= needed) return SlaVerdict.Yes;
        var reason = $"{Count(running)} of {spec.Key} would be left that "
            + $"{(running == 1 ? "has" : "have")} run for {Units.FormatDuration(policy.Duration)}; "
            + $"its SLA of {Describe(policy)} asks for {needed}.";
        if (counting.Count < needed) return new SlaVerdict(false, reason, null, null);
        counting.Sort();
        return new SlaVerdict(false, reason, counting[needed - 1], null);
    }

    /// <summary>
    /// How many others have to run so that one may be stopped. A policy that would never let one go is relaxed so that one may go at a
    /// time: otherwise its nodes could never be maintained.
    /// </summary>
    private static int Needed(SlaPolicy policy, int active)
    {
        var promised = policy.Count ?? 0;

        // What is lost to rounding, such as 2.0000000000000004 of 3, is no instance.
        if (policy.Percentage is { } percentage) promised = (int)Math.Ceiling((active * percentage / 100) - 1e-9);
        return Math.Clamp(promised, 0, Math.Max(0, active - 1));
    }

    /// <summary>The policy in few words: <c>95 %</c>, <c>3 instances</c>.</summary>
    public static string Describe(SlaPolicy policy) => policy switch
    {
        { Coordinator: { } coordinator } => $"coordinator {coordinator.Url}",
        { Percentage: { } percentage } => FormattableString.Invariant($"{percentage} %"),
        _ => Count(policy.Count ?? 0),
    };

    private static string Count(int instances) => instances == 1 ? "1 instance" : $"{instances} instances";
}
