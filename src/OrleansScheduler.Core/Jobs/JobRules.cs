namespace OrleansScheduler.Core;

/// <summary>The rules that a complete spec must keep, wherever it came from. What this version cannot do yet is refused too, never
/// ignored.</summary>
public static class JobRules
{
    /// <summary>Shortest time that makes sense to wait.</summary>
    internal static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    /// <summary>All rules that the spec breaks, by path as in a job file; lines and columns are not known here. Empty when it is fit to
    /// run.</summary>
    public static ImmutableArray<FieldError> Check(JobSpec spec)
    {
        var findings = new JobFindings();
        CheckJob(spec, findings);
        CheckSchedule(spec, findings);
        TaskRules.Check(spec.Task, findings);
        CheckTotals(spec, findings);
        CheckRetry(spec, findings);
        ConstraintRules.Check(spec, findings);
        CheckBatch(spec, findings);
        CheckAfter(spec, findings);
        CheckScale(spec, findings);
        UpdateRules.Check(spec, findings);
        CheckSla(spec, findings);
        findings.CheckDuration(spec.Partition.Delay, TimeSpan.Zero, "partition.delay");
        JobSupport.Check(spec, findings);
        return findings.ToImmutable();
    }

    private static void CheckJob(JobSpec spec, JobFindings findings)
    {
        CheckName(spec.Key.Name, "job", findings);
        CheckName(spec.Key.Role, "role", findings);
        CheckName(spec.Key.Environment, "env", findings);
        findings.CheckDefined(spec.Type, "type");
        findings.CheckDefined(spec.Tier, "tier");
        findings.CheckRange(spec.Instances, WholeRange.Instances, "instances");
        if (spec.TimeLimit is { } limit)
        {
            if (spec.Type == JobType.Service)
                findings.Add(JobCode.NotForType, "time-limit", "A service runs for ever; only batch and cron jobs have this.");
            findings.CheckDuration(limit, Instant, "time-limit");
        }

        findings.CheckRange(spec.Priority, WholeRange.Priority, "priority");
    }

    private static void CheckName(string name, string path, JobFindings findings)
    {
        if (!JobKey.IsValidPart(name)) findings.Add(JobCode.BadName, path, $"{FieldWords.Show(name)} is not a name: {JobKey.PartRule}.");
    }

    private static void CheckSchedule(JobSpec spec, JobFindings findings)
    {
        if (spec.Type != JobType.Cron)
        {
            if (spec.Schedule is not null) findings.Add(JobCode.NotForType, "schedule", "Only cron jobs have a schedule.");
            return;
        }

        if (spec.Schedule is not { } schedule)
        {
            findings.Add(JobCode.Required, "schedule", "A cron job needs a schedule, such as \"*/5 * * * *\".");
            return;
        }

        findings.CheckDefined(schedule.Collision, "collision");
        findings.CheckRange(schedule.CatchUp, WholeRange.CatchUp, "catch-up");
        findings.CheckDuration(schedule.Jitter, TimeSpan.Zero, "jitter");
        if (CronExpressions.ZoneOf(schedule.TimeZone) is null) Add(CronExpressions.UnknownZone(schedule.TimeZone), "timezone");
        var parsed = CronExpressions.Parse(schedule.Expression);
        if (parsed.Problem is { } problem) Add(problem, "schedule");
        else if (CronExpressions.Read(schedule.Expression, schedule.TimeZone) is { Problem: { Code: JobCode.CronNeverFires } never })
            Add(never, "schedule");

        void Add(Problem problem, string path) => findings.Add(problem.Code, path, problem.Message);
    }

    /// <summary>All instances together must be countable, sizes in bytes: sums over a cell then cannot overflow on account of one
    /// job.</summary>
    private static void CheckTotals(JobSpec spec, JobFindings findings)
    {
        const long BytesPerMiB = 1L << 20;
        var request = spec.Task.Resources;
        Check("cpu", request.CpuMillis, 1);
        Check("memory", request.MemoryMiB, BytesPerMiB);
        Check("disk", request.DiskMiB, BytesPerMiB);
        Check("gpus", request.GpuMillis, 1);
        foreach (var (name, amount) in spec.Task.Custom.Scalars) Check(JobFilePath.Join("custom", name), amount, 1);

        void Check(string name, long amount, long unit)
        {
            if ((Int128)amount * unit * Math.Max(spec.Instances, 1) > long.MaxValue)
                findings.Add(JobCode.ArithmeticOverflow, $"task.resources.{name}",
                    $"{spec.Instances} instances of this are more than can be counted.");
        }
    }

    private static void CheckRetry(JobSpec spec, JobFindings findings)
    {
        var retry = spec.Retry;
        findings.CheckRange(retry.MaxFailures, WholeRange.MaxFailures, "retry.max-failures");
        if (retry.MaxFailures == 0)
            findings.Add(JobCode.BelowMinimum, "retry.max-failures", "This must be at least 1, or -1 to retry for ever.");
        if (spec.Type == JobType.Service && retry.MaxFailures is not (1 or -1))
            findings.Add(JobCode.NotForType, "retry.max-failures",
                "A service is always started again; only batch and cron jobs count failures.");
        findings.CheckDuration(retry.BackoffInitial, Instant, "retry.backoff.initial");
        findings.CheckDuration(retry.BackoffMax, Instant, "retry.backoff.max");
        if (retry.BackoffMax < retry.BackoffInitial)
            findings.Add(JobCode.BelowMinimum, "retry.backoff.max",
                $"This must be at least as long as 'initial', {Units.FormatDuration(retry.BackoffInitial)}.");
    }

    private static void CheckBatch(JobSpec spec, JobFindings findings)
    {
        if (spec.MinSuccesses is { } enough)
        {
            if (spec.Type == JobType.Service)
                findings.Add(JobCode.NotForType, "min-successes", "A service runs for ever; only batch and cron jobs succeed.");
            findings.CheckRange(enough, WholeRange.Instances with { Max = Math.Max(spec.Instances, 1) }, "min-successes");
        }

        if (spec.Retry.MaxFailedInstances is not { } most) return;
        if (spec.Type == JobType.Service)
            findings.Add(JobCode.NotForType, "retry.max-failed-instances",
                "A service is always started again; only batch and cron jobs count failures.");
        findings.CheckRange(most, WholeRange.Failures, "retry.max-failed-instances");
    }

    private static void CheckAfter(JobSpec spec, JobFindings findings)
    {
        if (spec.After is []) return;
        if (spec.Type == JobType.Cron)
            findings.Add(JobCode.NotForType, "after", "A cron job is started by the clock; let what it starts wait instead.");
        if (spec.After.Length > DependencyRules.MaxDirect)
            findings.Add(JobCode.AboveMaximum, "after", $"A job waits for at most {DependencyRules.MaxDirect} jobs.");
        var seen = new HashSet<JobKey>();
        foreach (var (index, key) in spec.After.Index())
        {
            if (key == spec.Key) findings.Add(JobCode.DependencyCycle, $"after[{index}]", "A job cannot wait for itself.");
            else if (!seen.Add(key)) findings.Add(JobCode.DependencyTwice, $"after[{index}]", $"{key} stands here twice; keep one.");
        }
    }

    /// <summary>An instance may use more than it asks for, where nothing keeps it from that.</summary>
    private const int MaxCpuPercent = 1000;

    private static void CheckScale(JobSpec spec, JobFindings findings)
    {
        if (spec.Scale is not { } scale) return;
        if (spec.Type != JobType.Service) findings.Add(JobCode.NotForType, "scale", "Only services are scaled by their load.");
        findings.CheckRange(scale.Min, WholeRange.Instances, "scale.min");
        findings.CheckRange(scale.Max, WholeRange.Instances with { Min = Math.Max(scale.Min, 1) }, "scale.max");
        if (spec.Instances < scale.Min || spec.Instances > scale.Max)
            findings.Add(JobCode.ScaleBounds, "instances", $"This must be {scale.Min} to {scale.Max}, as 'scale' says.");
        if (scale.Cpu is { } cpu && (!double.IsFinite(cpu) || cpu is <= 0 or > MaxCpuPercent))
            findings.Add(JobCode.NumberOutOfRange, "scale.target.cpu", $"This is in percent: above 0, at most {MaxCpuPercent}.");
        if (scale.Cpu is null && string.IsNullOrWhiteSpace(scale.Metric))
            findings.Add(JobCode.Required, "scale.target.metric", "A query is needed, such as sum(rate(http_requests_total[1m])).");
        findings.CheckText(scale.Metric, "scale.target.metric");
        findings.CheckLength(scale.Metric, "scale.target.metric");
        if (!double.IsFinite(scale.Value) || scale.Value <= 0)
            findings.Add(JobCode.BelowMinimum, "scale.target.value", "This must be above 0.");
        findings.CheckDuration(scale.Cooldown, TimeSpan.Zero, "scale.cooldown");
        findings.CheckDuration(scale.Interval, TimeSpan.FromSeconds(1), "scale.interval");
        if (scale.MaxStep is { } step) findings.CheckRange(step, WholeRange.Instances, "scale.max-step");
    }

    private static void CheckSla(JobSpec spec, JobFindings findings)
    {
        if (spec.Sla is not { } sla) return;
        if (spec.Type != JobType.Service) findings.Add(JobCode.NotForType, "sla", "Only services have an SLA.");
        if ((sla.Percentage is null ? 0 : 1) + (sla.Count is null ? 0 : 1) + (sla.Coordinator is null ? 0 : 1) != 1)
            findings.Add(JobCode.SlaKind, "sla", "An SLA names either a percentage or a count of instances, or a coordinator.");
        if (sla.Percentage is { } percentage)
        {
            if (!double.IsFinite(percentage)) findings.Add(JobCode.NumberOutOfRange, "sla.percentage", "This must be a finite number.");
            if (percentage < 0) findings.Add(JobCode.BelowMinimum, "sla.percentage", "This must be at least 0.");
            if (percentage > 100) findings.Add(JobCode.AboveMaximum, "sla.percentage", "This must be at most 100.");
        }

        if (sla.Count is { } count) findings.CheckRange(count, WholeRange.SlaCount with { Max = Math.Max(spec.Instances, 0) }, "sla.count");
        if (sla.Coordinator is { } coordinator) CheckCoordinator(coordinator, findings);
        findings.CheckDuration(sla.Duration, TimeSpan.Zero, "sla.duration");
    }

    private static void CheckCoordinator(SlaCoordinator coordinator, JobFindings findings)
    {
        findings.CheckText(coordinator.Url, "sla.coordinator.url");
        findings.CheckLength(coordinator.Url, "sla.coordinator.url");
        if (!Uri.TryCreate(coordinator.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo != "")
        {
            findings.Add(JobCode.SlaCoordinator, "sla.coordinator.url",
                $"{FieldWords.Show(coordinator.Url)} is no address that can be asked; write one such as http://host:8080/drain.");
        }

        findings.CheckText(coordinator.Key, "sla.coordinator.key");
        findings.CheckLength(coordinator.Key, "sla.coordinator.key");
        if (coordinator.Key.Length == 0)
            findings.Add(JobCode.SlaCoordinator, "sla.coordinator.key", "The key is a field of the answer and cannot be empty.");
    }
}
