using System.Collections.Frozen;

namespace OrleansScheduler.Core;

/// <summary>Every field that a job file may have, by the section it stands in. Items of a list are the section <c>list[]</c>.</summary>
internal static class JobFields
{
    public const string Root = "";
    public const string Resources = "task.resources";

    public static readonly FrozenDictionary<string, ImmutableArray<string>> Sections = new Dictionary<string, ImmutableArray<string>>
    {
        [Root] =
        [
            "job", "role", "env", "type", "instances", "gang", "time-limit", "priority", "tier", "schedule", "timezone", "collision",
            "catch-up", "jitter", "after", "min-successes", "task", "retry", "constraints", "update", "sla", "scale", "partition",
            JobParameters.Field,
        ],
        ["task"] =
        [
            "driver", "command", "image", "container", "processes", "max-failures", "max-concurrency", "finalization-wait", "env", "user",
            "rlimits", "artifacts", "templates", "resources", "health", "kill", "logs",
        ],
        ["task.container"] = ["network", "ports", "volumes", "entrypoint", "working-dir", "read-only", "capabilities"],
        ["task.container.volumes[]"] = ["source", "target", "read-only"],
        ["task.processes[]"] = ["name", "command", "after", "max-failures", "min-duration", "daemon", "ephemeral", "final"],
        ["task.artifacts[]"] = ["source", "extract", "checksum", "dest", "mode"],
        ["task.templates[]"] = ["path", "text", "signal"],
        [Resources] = ["cpu", "memory", "disk", "gpus", "ports", "custom", "sets"],
        ["task.health"] =
        [
            "http", "https", "tcp", "grpc", "command", "readiness", "initial-delay", "interval", "timeout", "max-failures",
            "min-successes",
        ],
        ["task.health.http"] = ["port", "path"],
        ["task.health.https"] = ["port", "path"],
        ["task.health.tcp"] = ["port"],
        ["task.health.grpc"] = ["port", "service"],
        ["task.health.readiness"] = ["http", "https", "tcp", "grpc", "command"],
        ["task.health.readiness.http"] = ["port", "path"],
        ["task.health.readiness.https"] = ["port", "path"],
        ["task.health.readiness.tcp"] = ["port"],
        ["task.health.readiness.grpc"] = ["port", "service"],
        ["task.kill"] = ["grace", "graceful-shutdown", "shutdown"],
        ["task.logs"] = ["rotate-size", "keep"],
        ["retry"] = ["max-failures", "max-failed-instances", "backoff"],
        ["retry.backoff"] = ["initial", "max"],
        ["update"] =
        [
            "strategy", "batch", "batches", "autopause", "watch", "max-instance-failures", "max-failed-instances", "rollback", "pulse",
            "instances", "sla-aware",
        ],
        ["sla"] = ["percentage", "count", "coordinator", "duration"],
        ["sla.coordinator"] = ["url", "key"],
        ["scale"] = ["min", "max", "target", "cooldown", "interval", "max-step"],
        ["scale.target"] = ["metric", "value", "cpu"],
        ["partition"] = ["reschedule", "delay", "strict"],
    }.ToFrozenDictionary();

    /// <summary>What other schedulers call our fields.</summary>
    private static readonly FrozenDictionary<string, string> OtherNames = new Dictionary<string, string>
    {
        ["args"] = "command",
        ["cmd"] = "command",
        ["cmdline"] = "command",
        ["count"] = "instances",
        ["cron"] = "schedule",
        ["cronschedule"] = "schedule",
        ["environment"] = "env",
        ["gpu"] = "gpus",
        ["healthcheck"] = "health",
        ["mem"] = "memory",
        ["name"] = "job",
        ["ram"] = "memory",
        ["replicas"] = "instances",
        ["restart"] = "retry",
        ["uris"] = "artifacts",
    }.ToFrozenDictionary();

    /// <summary>What a user who wrote <paramref name="name"/> in <paramref name="section"/> may have meant: a sentence that starts with a
    /// blank, or nothing.</summary>
    public static string Suggest(string name, string section)
    {
        if (name == "<<") return " YAML merge keys are not read; write the fields out.";
        var known = Sections[section];
        var plain = Plain(name);
        var other = OtherNames.GetValueOrDefault(plain, plain);
        var meant = known.FirstOrDefault(field => Plain(field) == plain || field == other) ?? FieldWords.Nearest(name, known);
        if (meant is not null) return $" Did you mean '{meant}'?";

        var elsewhere = Sections.Where(candidate => candidate.Value.Any(field => field == name || field == other))
            .Select(candidate => candidate.Key)
            .OrderBy(section => section.StartsWith("task", StringComparison.Ordinal) ? 0 : 1)   // rather what all jobs have
            .ThenBy(section => section, StringComparer.Ordinal).FirstOrDefault();
        var field = Sections.Values.Any(fields => fields.Contains(name)) ? name : other;
        return elsewhere switch
        {
            null => $" Known here: {string.Join(", ", known)}.",
            Root => $" '{field}' stands at the top level.",
            _ => $" '{field}' stands under '{elsewhere}'.",
        };
    }

    /// <summary>The section that a path lies in: <c>task.processes[2]</c> is <c>task.processes[]</c>.</summary>
    public static string SectionOf(string path)
    {
        var open = path.IndexOf('[');
        return open < 0 ? path : $"{path[..open]}[]";
    }

    private static string Plain(string name) => name.Replace("-", "").Replace("_", "").ToLowerInvariant();
}
