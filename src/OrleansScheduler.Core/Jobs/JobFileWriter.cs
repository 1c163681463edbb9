namespace OrleansScheduler.Core;

/// <summary>Turns specs into the nodes of a job file: fields in the order of <see cref="JobFields"/>, defaults left out.</summary>
internal static class JobFileWriter
{
    public static JobFileNode.Mapping Write(JobSpec spec)
    {
        var schedule = spec.Schedule;
        return new MappingWriter()
            .Text("job", spec.Key.Name)
            .Text("role", spec.Key.Role)
            .Text("env", spec.Key.Environment)
            .Text("type", JobFileSection.NameOf(spec.Type))
            .Whole("instances", spec.Instances, 1)
            .Flag("gang", spec.Gang, false)
            .Duration("time-limit", spec.TimeLimit, null)
            .Whole("priority", spec.Priority, 0)
            .Text("tier", JobFileSection.NameOf(spec.Tier), JobFileSection.NameOf(Tier.Preemptible))
            .Text("schedule", schedule?.Expression)
            .Text("timezone", schedule?.TimeZone, JobDefaults.TimeZone)
            .Text("collision", schedule is null ? null : JobFileSection.NameOf(schedule.Collision),
                JobFileSection.NameOf(JobDefaults.Collision))
            .Text("catch-up", schedule?.CatchUp == 1 ? JobDefaults.CatchUpLast : null)
            .Whole("catch-up", schedule?.CatchUp is > 1 and var most ? most : null, null)
            .Duration("jitter", schedule?.Jitter, TimeSpan.Zero)
            .Texts("after", [.. spec.After.Select(key => DependencyReader.Write(key, spec.Key))])
            .Whole("min-successes", spec.MinSuccesses, null)
            .Add("task", Write(spec.Task))
            .Section("retry", WriteRetry(spec.Retry))
            .List("constraints", spec.Constraints, WriteConstraint)
            .Section("update", WriteUpdate(spec.Update))
            .Section("sla", WriteSla(spec.Sla))
            .Section("scale", WriteScale(spec.Scale))
            .Section("partition", WritePartition(spec.Partition))
            .ToNode();
    }

    public static JobFileNode.Mapping Write(TaskSpec task)
    {
        var defaults = new TaskSpec();
        return new MappingWriter()
            .Text("driver", task.Driver, defaults.Driver)
            .Command("command", task.Command)
            .Text("image", task.Image)
            .Section("container", ContainerSection.Write(task.Container))
            .List("processes", task.Processes, WriteProcess)
            .Whole("max-failures", task.MaxFailures, defaults.MaxFailures)
            .Whole("max-concurrency", task.MaxConcurrency, defaults.MaxConcurrency)
            .Duration("finalization-wait", task.FinalizationWait, defaults.FinalizationWait)
            .Section("env", Write(task.Env, (writer, name, value) => writer.Text(name, value)))
            .Text("user", task.User)
            .Section("rlimits", Write(task.Rlimits, (writer, name, amount) => writer.Limit(name, amount)))
            .List("artifacts", task.Artifacts, WriteArtifact)
            .List("templates", task.Templates.IsDefault ? [] : task.Templates, WriteTemplate)
            .Section("resources", WriteResources(task, defaults.Resources))
            .Section("health", WriteHealth(task.Health))
            .Section("kill", WriteKill(task.Kill))
            .Section("logs", WriteLogs(task.Logs))
            .ToNode();
    }

    private static JobFileNode WriteProcess(ProcessSpec process) => new MappingWriter()
        .Text("name", process.Name)
        .Command("command", process.Command)
        .Texts("after", process.After)
        .Whole("max-failures", process.MaxFailures, 1)
        .Duration("min-duration", process.MinDuration, TimeSpan.FromSeconds(5))
        .Flag("daemon", process.Daemon, false)
        .Flag("ephemeral", process.Ephemeral, false)
        .Flag("final", process.Final, false)
        .ToNode();

    private static JobFileNode WriteArtifact(ArtifactSpec artifact) => new MappingWriter()
        .Text("source", artifact.Source)
        .Flag("extract", artifact.Extract, false)
        .Text("checksum", artifact.Checksum)
        .Text("dest", artifact.Dest)
        .Text("mode", artifact.Mode)
        .ToNode();

    private static JobFileNode WriteTemplate(TemplateSpec template) => new MappingWriter()
        .Text("path", template.Path)
        .Text("text", template.Text)
        .Text("signal", template.Signal)
        .ToNode();

    private static MappingWriter Write<T>(ImmutableSortedDictionary<string, T> values, Action<MappingWriter, string, T> write)
    {
        var writer = new MappingWriter();
        foreach (var (name, value) in values) write(writer, name, value);
        return writer;
    }

    private static MappingWriter WriteResources(TaskSpec task, Resources defaults) => new MappingWriter()
        .Millis("cpu", task.Resources.CpuMillis, defaults.CpuMillis)
        .MiB("memory", task.Resources.MemoryMiB, defaults.MemoryMiB)
        .MiB("disk", task.Resources.DiskMiB, defaults.DiskMiB)
        .Millis("gpus", task.Resources.GpuMillis, defaults.GpuMillis)
        .Texts("ports", task.Ports)
        .Section("custom", Write(task.Custom.Scalars, (writer, name, amount) => writer.Millis(name, amount, 0)))
        .Section("sets", Write(task.Custom.Sets, (writer, name, items) => writer.Whole(name, items, null)));

    private static MappingWriter WriteHealth(HealthSpec? health)
    {
        if (health is null) return new();
        var defaults = new HealthSpec { Probe = health.Probe };
        var writer = WriteProbe(health.Probe);
        if (health.Readiness is { } readiness) writer = writer.Section("readiness", WriteProbe(readiness));
        return writer
            .Duration("initial-delay", health.InitialDelay, defaults.InitialDelay)
            .Duration("interval", health.Interval, defaults.Interval)
            .Duration("timeout", health.Timeout, defaults.Timeout)
            .Whole("max-failures", health.MaxFailures, defaults.MaxFailures)
            .Whole("min-successes", health.MinSuccesses, defaults.MinSuccesses);
    }

    private static MappingWriter WriteProbe(HealthProbe probe)
    {
        var writer = new MappingWriter();
        return probe switch
        {
            HealthProbe.Http http =>
                writer.Section("http", new MappingWriter().Text("port", http.Port).Text("path", http.Path, JobDefaults.HealthPath)),
            HealthProbe.Https https =>
                writer.Section("https", new MappingWriter().Text("port", https.Port).Text("path", https.Path, JobDefaults.HealthPath)),
            HealthProbe.Tcp tcp => writer.Section("tcp", new MappingWriter().Text("port", tcp.Port)),
            HealthProbe.Grpc grpc => writer.Section("grpc", new MappingWriter().Text("port", grpc.Port).Text("service", grpc.Service, "")),
            HealthProbe.Command command => writer.Command("command", command.Arguments),
            _ => throw new InvariantException("a health probe is http, https, tcp, grpc or a command"),
        };
    }

    private static MappingWriter WriteKill(KillSpec kill) => new MappingWriter()
        .Duration("grace", kill.Grace, new KillSpec().Grace)
        .Text("graceful-shutdown", kill.GracefulShutdown)
        .Text("shutdown", kill.Shutdown);

    private static MappingWriter WriteLogs(LogSpec logs) => new MappingWriter()
        .MiB("rotate-size", logs.RotateSizeMiB, new LogSpec().RotateSizeMiB)
        .Whole("keep", logs.Keep, new LogSpec().Keep);

    private static MappingWriter WriteRetry(RetryPolicy retry)
    {
        var defaults = new RetryPolicy();
        var backoff = new MappingWriter()
            .Duration("initial", retry.BackoffInitial, defaults.BackoffInitial)
            .Duration("max", retry.BackoffMax, defaults.BackoffMax);
        return new MappingWriter()
            .Whole("max-failures", retry.MaxFailures, defaults.MaxFailures)
            .Whole("max-failed-instances", retry.MaxFailedInstances, null)
            .Section("backoff", backoff);
    }

    private static MappingWriter WriteScale(ScalePolicy? scale)
    {
        var writer = new MappingWriter();
        if (scale is null) return writer;
        var defaults = new ScalePolicy { Max = scale.Max, Metric = scale.Metric, Value = scale.Value };
        return writer
            .Whole("min", scale.Min, defaults.Min)
            .Whole("max", scale.Max, null)
            .Section("target", scale.Cpu is { } cpu
                ? new MappingWriter().Number("cpu", cpu)
                : new MappingWriter().Text("metric", scale.Metric).Number("value", scale.Value))
            .Duration("cooldown", scale.Cooldown, defaults.Cooldown)
            .Duration("interval", scale.Interval, defaults.Interval)
            .Whole("max-step", scale.MaxStep, null);
    }

    private static JobFileNode WriteConstraint(Constraint constraint) => constraint switch
    {
        Constraint.Limit limit => WriteConstraint(limit, $"{ConstraintReader.Limit} {limit.Count}"),
        Constraint.Spread spread => WriteConstraint(spread, $"{ConstraintReader.Spread} {spread.MaxSkew}"),
        Constraint.Affinity { Apart: true } apart => WriteConstraint(apart, $"{ConstraintReader.Apart} {apart.Job}"),
        Constraint.Affinity with => WriteConstraint(with, $"{ConstraintReader.With} {with.Job}"),
        Constraint.Value value =>
            new MappingWriter().Texts(value.Attribute, [.. value.Values.Select(text => value.Negated ? "!" + text : text)]).ToNode(),
        _ => throw new InvariantException("a constraint is a limit, a spread, an affinity or a value"),
    };

    private static JobFileNode.Mapping WriteConstraint(Constraint constraint, FormattableString wanted) =>
        new MappingWriter().Text(constraint.Attribute, FormattableString.Invariant(wanted)).ToNode();

    private static MappingWriter WriteUpdate(UpdatePolicy update)
    {
        var defaults = new UpdatePolicy();
        return new MappingWriter()
            .Text("strategy", update.Strategy, defaults.Strategy)
            .Whole("batch", update.Batch, defaults.Batch)
            .Wholes("batches", update.Batches.IsDefault ? [] : update.Batches)
            .Flag("autopause", update.AutoPause, defaults.AutoPause)
            .Duration("watch", update.Watch, defaults.Watch)
            .Whole("max-instance-failures", update.MaxInstanceFailures, defaults.MaxInstanceFailures)
            .Whole("max-failed-instances", update.MaxFailedInstances, defaults.MaxFailedInstances)
            .Flag("rollback", update.Rollback, defaults.Rollback)
            .Duration("pulse", update.Pulse, null)
            .Texts("instances", [.. update.Instances.Ranges.Select(range => range.ToString())])
            .Flag("sla-aware", update.SlaAware, defaults.SlaAware);
    }

    private static MappingWriter WriteSla(SlaPolicy? sla) => sla is null
        ? new()
        : new MappingWriter()
            .Number("percentage", sla.Percentage)
            .Whole("count", sla.Count, null)
            .Section("coordinator", WriteCoordinator(sla.Coordinator))
            .Duration("duration", sla.Duration, JobDefaults.SlaDuration);

    private static MappingWriter WriteCoordinator(SlaCoordinator? coordinator) => coordinator is null
        ? new()
        : new MappingWriter().Text("url", coordinator.Url).Text("key", coordinator.Key, JobDefaults.SlaKey);

    private static MappingWriter WritePartition(PartitionPolicy partition) => new MappingWriter()
        .Flag("reschedule", partition.Reschedule, true)
        .Duration("delay", partition.Delay, TimeSpan.Zero)
        .Flag("strict", partition.Strict, false);
}
