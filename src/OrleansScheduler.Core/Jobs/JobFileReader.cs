namespace OrleansScheduler.Core;

/// <summary>Turns the nodes of one document into a spec, defaults filled in. It checks forms and types; what the values may be is for
/// <see cref="JobRules"/>.</summary>
internal sealed class JobFileReader(JobFileErrors errors)
{
    private const string CronOnly = "Only cron jobs have this.";

    /// <summary>The job of a document; null when the document is not a mapping. Only of use when no error was added.</summary>
    public JobSpec? ReadJob(JobFileNode root)
    {
        if (JobFileSection.Of(root, JobFields.Root, errors) is not { } job) return null;
        foreach (var name in (ReadOnlySpan<string>)["job", "role", "env", "type", "task"]) job.Require(name);

        var type = job.Choice<JobType>("type") ?? JobType.Service;
        var task = job.Section("task");
        var key = new JobKey(job.Text("role") ?? "", job.Text("env") ?? "", job.Text("job") ?? "");
        return new()
        {
            Key = key,
            Type = type,
            Instances = job.Whole("instances", WholeRange.Instances) ?? 1,
            Gang = job.Flag("gang") ?? false,
            TimeLimit = job.Duration("time-limit"),
            Priority = job.Whole("priority", WholeRange.Priority) ?? 0,
            Tier = job.Choice<Tier>("tier") ?? Tier.Preemptible,
            Schedule = ReadSchedule(job, type),
            After = new DependencyReader(errors).Read(job, key),
            MinSuccesses = job.Whole("min-successes", WholeRange.Instances),
            Task = task is null ? new() : TaskFileReader.ReadTask(task),
            Retry = ReadRetry(job.Section("retry")),
            Constraints = new ConstraintReader(errors).Read(job),
            Update = ReadUpdate(job.Section("update")),
            Sla = ReadSla(job.Section("sla")),
            Scale = ReadScale(job.Section("scale")),
            Partition = ReadPartition(job.Section("partition")),
        };
    }

    private static CronSchedule? ReadSchedule(JobFileSection job, JobType type)
    {
        if (type != JobType.Cron)
        {
            foreach (var name in (ReadOnlySpan<string>)["timezone", "collision", "catch-up", "jitter"])
                job.Refuse(name, JobCode.NotForType, CronOnly);
        }
        else
        {
            job.Require("schedule");
        }

        if (job.Text("schedule") is not { } expression) return null;
        var zone = job.Text("timezone") ?? JobDefaults.TimeZone;
        return new(expression, zone, job.Choice<CronCollision>("collision") ?? JobDefaults.Collision)
        {
            CatchUp = job.WholeOrWord("catch-up", WholeRange.CatchUp, (JobDefaults.CatchUpNone, 0), (JobDefaults.CatchUpLast, 1)) ?? 0,
            Jitter = job.Duration("jitter") ?? TimeSpan.Zero,
        };
    }

    private static RetryPolicy ReadRetry(JobFileSection? retry)
    {
        var defaults = new RetryPolicy();
        if (retry is null) return defaults;
        var backoff = retry.Section("backoff");
        return new()
        {
            MaxFailures = retry.Whole("max-failures", WholeRange.MaxFailures) ?? defaults.MaxFailures,
            MaxFailedInstances = retry.Whole("max-failed-instances", WholeRange.Failures),
            BackoffInitial = backoff?.Duration("initial") ?? defaults.BackoffInitial,
            BackoffMax = backoff?.Duration("max") ?? defaults.BackoffMax,
        };
    }

    private static UpdatePolicy ReadUpdate(JobFileSection? update)
    {
        var defaults = new UpdatePolicy();
        if (update is null) return defaults;
        return new()
        {
            Strategy = update.Text("strategy") ?? defaults.Strategy,
            Batch = update.Whole("batch", WholeRange.Instances) ?? defaults.Batch,
            Batches = update.Wholes("batches", WholeRange.Instances),
            AutoPause = update.Flag("autopause") ?? defaults.AutoPause,
            Watch = update.Duration("watch") ?? defaults.Watch,
            MaxInstanceFailures = update.Whole("max-instance-failures", WholeRange.Failures) ?? defaults.MaxInstanceFailures,
            MaxFailedInstances = update.Whole("max-failed-instances", WholeRange.Failures) ?? defaults.MaxFailedInstances,
            Rollback = update.Flag("rollback") ?? defaults.Rollback,
            Pulse = update.Duration("pulse"),
            Instances = update.Instances("instances"),
            SlaAware = update.Flag("sla-aware") ?? defaults.SlaAware,
        };
    }

    private static SlaPolicy? ReadSla(JobFileSection? sla) => sla is null
        ? null
        : new(sla.Number("percentage"), sla.Whole("count", WholeRange.SlaCount), sla.Duration("duration") ?? JobDefaults.SlaDuration)
        {
            Coordinator = ReadCoordinator(sla.Section("coordinator")),
        };

    private static SlaCoordinator? ReadCoordinator(JobFileSection? coordinator)
    {
        if (coordinator is null) return null;
        coordinator.Require("url");
        return new(coordinator.Text("url") ?? "", coordinator.Text("key") ?? JobDefaults.SlaKey);
    }

    private static ScalePolicy? ReadScale(JobFileSection? scale)
    {
        if (scale is null) return null;
        scale.Require("max");
        scale.Require("target");
        var target = scale.Section("target");
        var isByCpu = target?.Has("cpu") == true;
        if (isByCpu && (target!.Has("metric") || target.Has("value")))
            target.Complain(JobCode.ScaleTarget, "A service is scaled by one thing: 'cpu', or 'metric' and 'value'.");
        if (!isByCpu) target?.Require("metric");
        if (!isByCpu) target?.Require("value");
        var defaults = new ScalePolicy { Max = 1, Metric = "", Value = 1 };
        return defaults with
        {
            Min = scale.Whole("min", WholeRange.Instances) ?? defaults.Min,
            Max = scale.Whole("max", WholeRange.Instances) ?? JobLimits.MaxInstances,
            Metric = target?.Text("metric") ?? "",
            Value = target?.Number("value") ?? defaults.Value,
            Cpu = target?.Number("cpu"),
            Cooldown = scale.Duration("cooldown") ?? defaults.Cooldown,
            Interval = scale.Duration("interval") ?? defaults.Interval,
            MaxStep = scale.Whole("max-step", WholeRange.Instances),
        };
    }

    private static PartitionPolicy ReadPartition(JobFileSection? partition)
    {
        var defaults = new PartitionPolicy();
        if (partition is null) return defaults;
        return new()
        {
            Reschedule = partition.Flag("reschedule") ?? defaults.Reschedule,
            Delay = partition.Duration("delay") ?? defaults.Delay,
            Strict = partition.Flag("strict") ?? defaults.Strict,
        };
    }
}
