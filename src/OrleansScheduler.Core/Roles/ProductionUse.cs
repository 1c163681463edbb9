namespace OrleansScheduler.Core;

/// <summary>
/// What a job counts against the production quota of its role (<see cref="Quota.Production"/>): cpu, memory and disk of its preferred
/// tasks, those on dedicated nodes not counted. Aurora's rules (QuotaManager), with the tier for its <c>production</c>.
/// </summary>
public static class ProductionUse
{
    /// <summary>What a job of this spec counts when all of it runs.</summary>
    public static Resources Of(JobSpec spec) => OfOne(spec) * spec.Instances;

    /// <summary>
    /// What a job counts: an update the larger of both its ends in each resource, a cron job at least what one run takes, a batch job only
    /// what has not ended, a stopped job what still goes on.
    /// </summary>
    public static Resources Of(JobState job)
    {
        if (job.Versions.Values.All(version => OfOne(version.Spec) == Resources.None)) return Resources.None;
        var going = Resources.None;
        foreach (var task in job.Tasks.Values)
        {
            if (task.Status.IsActive()) going += OfOne(job.SpecOf(task.Version));
        }

        if (job.Header.Stopped || (job.Spec.Type == JobType.Batch && job.Tasks.Count > 0)) return going;
        var whole = Larger(going, Of(job.Spec));
        if (job.Header.Update is not { IsActive: true } update) return whole;
        return Larger(whole, Larger(Of(job.SpecOf(update.FromVersion)), Of(job.SpecOf(update.ToVersion))));
    }

    /// <summary>What a job counts once another spec was accepted: while it changes, the larger of both in each resource.</summary>
    public static Resources After(JobState job, JobSpec spec) => Larger(Of(job), Of(spec));

    /// <summary>The larger amount in each resource.</summary>
    public static Resources Larger(in Resources a, in Resources b) => new(
        Math.Max(a.CpuMillis, b.CpuMillis), Math.Max(a.MemoryMiB, b.MemoryMiB), Math.Max(a.DiskMiB, b.DiskMiB),
        Math.Max(a.GpuMillis, b.GpuMillis));

    private static Resources OfOne(JobSpec spec) =>
        spec.Tier != Tier.Preferred || spec.Constraints.Any(c => c is Constraint.Value { Attribute: Constraint.DedicatedAttribute })
            ? Resources.None
            : spec.Task.Resources with { GpuMillis = 0 };
}

/// <summary>What all jobs count against production quotas, and whether one may count more.</summary>
/// <remarks>Its owner makes each change durable before he answers: the next one must not let in what this one has given away.</remarks>
public sealed class ProductionBook
{
    private readonly Dictionary<JobKey, Resources> _uses = [];

    /// <summary>What each job counts that counts anything.</summary>
    public IReadOnlyDictionary<JobKey, Resources> Uses => _uses;

    /// <summary>A job counts so much from now on. Answers whether that is news.</summary>
    public bool Set(JobKey job, in Resources use)
    {
        if (use == _uses.GetValueOrDefault(job)) return false;
        if (use == Resources.None) _uses.Remove(job);
        else _uses[job] = use;
        return true;
    }

    /// <summary>What the jobs of a role and of those below it count.</summary>
    /// <param name="path">The role's path, with <c>:</c> and an environment behind it for that alone.</param>
    /// <param name="except">A job that is left out.</param>
    public Resources Of(string path, JobKey? except = null)
    {
        var (role, environment) = path.LastIndexOf(RolePath.EnvironmentMark) is > 0 and var colon
            ? (path[..colon], path[(colon + 1)..])
            : (path, null);
        var sum = Resources.None;
        foreach (var (job, use) in _uses)
        {
            if (job == except || (environment is not null && job.Environment != environment)) continue;
            if (RolePath.IsSelfOrDescendant(RolePath.OfJobRole(job.Role), role)) sum += use;
        }

        return sum;
    }

    /// <summary>Takes a new use of a job over when no quota forbids it. Whoever wants no more than before always may.</summary>
    /// <param name="job">The job.</param>
    /// <param name="use">What it is to count.</param>
    /// <param name="quotaOf">The quota of a path; null when it has none.</param>
    /// <returns>Which quota does not have so much left; null when the use was taken over.</returns>
    public Problem? Admit(JobKey job, in Resources use, Func<string, Quota?> quotaOf)
    {
        if (!use.FitsInto(_uses.GetValueOrDefault(job)))
        {
            foreach (var path in RolePath.AboveAndIn(job))
            {
                if (quotaOf(path)?.Production is not { } limit) continue;
                if (Check(path, limit.OrLargest, Of(path, job), use) is { } problem) return problem;
            }
        }

        Set(job, use);
        return null;
    }

    /// <summary>
    /// What is wrong with the production quota of a path; null when nothing is. Doubts that can be insisted on are conflicts.
    /// </summary>
    public Problem? Check(string path, Quota quota)
    {
        if (path.Contains(RolePath.EnvironmentMark) && (quota.Limit != ResourceLimit.None || quota.Guarantee != Resources.None))
        {
            return Problem.Of(ProblemKind.Invalid, "quota-environment",
                $"{path} is one environment of a role: it can have a production quota; limits and guarantees are a role's.");
        }

        var used = Of(path);
        if (quota.Production is not { } limit || used.FitsInto(limit.OrLargest)) return null;
        return Problem.Of(ProblemKind.Conflict, "quota-below-use",
            $"Jobs of {path} count {used} against its production quota, more than {ResourceText.Format(limit)} in some dimension.");
    }

    private static Problem? Check(string path, in Resources limit, in Resources used, in Resources wanted)
    {
        var parts = new List<string>(3);
        Add("CPU", limit.CpuMillis, used.CpuMillis, wanted.CpuMillis, millis => $"{Units.FormatMillis(millis)} cores");
        Add("memory", limit.MemoryMiB, used.MemoryMiB, wanted.MemoryMiB, Units.FormatMiB);
        Add("disk", limit.DiskMiB, used.DiskMiB, wanted.DiskMiB, Units.FormatMiB);
        if (parts.Count == 0) return null;
        return Problem.Of(ProblemKind.Conflict, "quota-insufficient",
            $"Insufficient resource quota of {path}: {string.Join("; ", parts)}. Ask for less, or in a lower tier, or for a larger quota.");

        void Add(string name, long limit, long used, long wanted, Func<long, string> write)
        {
            var over = (Int128)used + wanted - limit;
            if (over <= 0 || wanted == 0) return;
            parts.Add($"{name} quota exceeded by {write((long)Int128.Min(over, long.MaxValue))} "
                + $"(limit {write(limit)}, used by others {write(used)}, asked for {write(wanted)})");
        }
    }
}
