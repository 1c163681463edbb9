namespace OrleansScheduler.Core;

/// <summary>Turns the <c>task:</c> section of a job file into a spec, defaults filled in.</summary>
internal static class TaskFileReader
{
    public const string Path = "task";

    public static TaskSpec? ReadTask(JobFileNode node, JobFileErrors errors) =>
        JobFileSection.Of(node, Path, errors) is { } task ? ReadTask(task) : null;

    public static TaskSpec ReadTask(JobFileSection task)
    {
        var defaults = new TaskSpec();
        if (!task.Has("processes") && !task.Has("image")) task.Require("command");
        var resources = task.Section("resources");
        return new()
        {
            Driver = task.Text("driver") ?? defaults.Driver,
            Command = task.Command("command"),
            Image = task.Text("image"),
            Container = ContainerSection.Read(task.Section("container")),
            Processes = [.. task.Sections("processes").Select(ReadProcess)],
            MaxFailures = task.Whole("max-failures", WholeRange.Failures) ?? defaults.MaxFailures,
            MaxConcurrency = task.Whole("max-concurrency", WholeRange.Processes) ?? defaults.MaxConcurrency,
            FinalizationWait = task.Duration("finalization-wait") ?? defaults.FinalizationWait,
            Env = task.TextsByName("env"),
            User = task.Text("user"),
            Rlimits = task.LimitsByName("rlimits"),
            Artifacts = [.. task.Sections("artifacts").Select(ReadArtifact)],
            Templates = [.. task.Sections("templates").Select(ReadTemplate)],
            Resources = ReadResources(resources, defaults.Resources),
            Ports = resources?.Texts("ports") ?? [],
            Custom = ReadCustom(resources),
            Health = ReadHealth(task.Section("health")),
            Kill = ReadKill(task.Section("kill")),
            Logs = ReadLogs(task.Section("logs")),
        };
    }

    private static Resources ReadResources(JobFileSection? resources, Resources defaults) => resources is null
        ? defaults
        : new(
            resources.Millis("cpu") ?? defaults.CpuMillis,
            resources.MiB("memory") ?? defaults.MemoryMiB,
            resources.MiB("disk") ?? defaults.DiskMiB,
            resources.Millis("gpus") ?? defaults.GpuMillis);

    private static CustomRequest ReadCustom(JobFileSection? resources) => resources is null
        ? CustomRequest.None
        : new() { Scalars = resources.MillisByName("custom"), Sets = resources.WholesByName("sets", WholeRange.SetItems) };

    private static ProcessSpec ReadProcess(JobFileSection process)
    {
        process.Require("name");
        process.Require("command");
        return new()
        {
            Name = process.Text("name") ?? "",
            Command = process.Command("command"),
            After = process.Texts("after"),
            MaxFailures = process.Whole("max-failures", WholeRange.Failures) ?? 1,
            MinDuration = process.Duration("min-duration") ?? TimeSpan.FromSeconds(5),
            Daemon = process.Flag("daemon") ?? false,
            Ephemeral = process.Flag("ephemeral") ?? false,
            Final = process.Flag("final") ?? false,
        };
    }

    private static ArtifactSpec ReadArtifact(JobFileSection artifact)
    {
        artifact.Require("source");
        return new(artifact.Text("source") ?? "", artifact.Flag("extract") ?? false, artifact.Text("checksum"))
        {
            Dest = artifact.Text("dest"),
            Mode = artifact.Text("mode"),
        };
    }

    private static TemplateSpec ReadTemplate(JobFileSection template)
    {
        template.Require("path");
        template.Require("text");
        return new() { Path = template.Text("path") ?? "", Text = template.Text("text") ?? "", Signal = template.Text("signal") };
    }

    private static HealthSpec? ReadHealth(JobFileSection? health)
    {
        if (health is null || ReadProbe(health) is not { } probe) return null;
        var defaults = new HealthSpec { Probe = probe };
        return new()
        {
            Probe = probe,
            InitialDelay = health.Duration("initial-delay") ?? defaults.InitialDelay,
            Interval = health.Duration("interval") ?? defaults.Interval,
            Timeout = health.Duration("timeout") ?? defaults.Timeout,
            MaxFailures = health.Whole("max-failures", WholeRange.Failures) ?? defaults.MaxFailures,
            MinSuccesses = health.Whole("min-successes", WholeRange.Successes) ?? defaults.MinSuccesses,
            Readiness = health.Section("readiness") is { } readiness ? ReadProbe(readiness) : null,
        };
    }

    private static HealthProbe? ReadProbe(JobFileSection health)
    {
        string[] kinds = ["http", "https", "tcp", "grpc", "command"];
        var given = kinds.Where(health.Has).ToList();
        if (given.Count != 1)
        {
            health.Complain(JobCode.HealthKind, $"Health is asked for in exactly one way; give one of {string.Join(", ", kinds)}.");
            return null;
        }

        if (given[0] == "command") return new HealthProbe.Command(health.Command("command"));
        if (health.Section(given[0]) is not { } probe) return null;
        probe.Require("port");
        var port = probe.Text("port") ?? "";
        return given[0] switch
        {
            "http" => new HealthProbe.Http(port, probe.Text("path") ?? JobDefaults.HealthPath),
            "https" => new HealthProbe.Https(port, probe.Text("path") ?? JobDefaults.HealthPath),
            "grpc" => new HealthProbe.Grpc(port, probe.Text("service") ?? ""),
            _ => new HealthProbe.Tcp(port),
        };
    }

    private static KillSpec ReadKill(JobFileSection? kill)
    {
        var defaults = new KillSpec();
        return kill is null
            ? defaults
            : new()
            {
                Grace = kill.Duration("grace") ?? defaults.Grace,
                GracefulShutdown = kill.Text("graceful-shutdown"),
                Shutdown = kill.Text("shutdown"),
            };
    }

    private static LogSpec ReadLogs(JobFileSection? logs)
    {
        var defaults = new LogSpec();
        if (logs is null) return defaults;
        return new()
        {
            RotateSizeMiB = logs.MiB("rotate-size") ?? defaults.RotateSizeMiB,
            Keep = logs.Whole("keep", WholeRange.LogFiles) ?? defaults.Keep,
        };
    }
}
