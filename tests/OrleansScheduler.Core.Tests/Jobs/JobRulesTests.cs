namespace OrleansScheduler.Core.Tests;

/// <summary>Rules on specs that no file was read for, such as one that was scaled or built by a program.</summary>
public sealed class JobRulesTests
{
    private static readonly JobSpec Valid = new()
    {
        Key = new("shop", "prod", "web"),
        Type = JobType.Service,
        Task = new() { Command = ["sleep", "60"], Ports = ["http"] },
    };

    public static TheoryData<JobSpec, string> Rows { get; } = new()
    {
        { Valid with { Instances = 0 }, "below-minimum instances" },
        { Valid with { Task = Valid.Task with { Driver = "oci", Image = "oci:/a", Container = new() { Network = (ContainerNetwork)7 } } },
            "unknown-value task.container.network" },
        { Valid with { Instances = 10_001 }, "above-maximum instances" },
        { Valid with { Key = new("", "prod", "web") }, "bad-name role" },
        { Valid with { Type = (JobType)9 }, "unknown-value type" },
        { Valid with { Tier = (Tier)9 }, "unknown-value tier" },
        { Valid with { Type = JobType.Cron }, "required schedule" },
        { Valid with { Schedule = new("* * * * *", "UTC", CronCollision.Allow) }, "not-for-type schedule" },
        { Valid with { Task = Valid.Task with { Command = [] } }, "command-empty task.command" },
        { Valid with { Task = Valid.Task with { Command = ["/bin/sh", "-c", " \n"] } }, "command-empty task.command" },
        { Valid with { Task = Valid.Task with { Command = ["a", "b\0"] } }, "control-character task.command[1]" },
        { Valid with { Task = Valid.Task with { Command = ["a", "\ud800"] } }, "invalid-utf8 task.command[1]" },
        { Valid with { Task = Valid.Task with { Env = Valid.Task.Env.Add("A", "\u001b[31m") } }, "control-character task.env.A" },
        { Valid with { Task = Valid.Task with { Resources = default } },
            "below-minimum task.resources.cpu; below-minimum task.resources.memory" },
        { Valid with { Instances = 2, Task = Valid.Task with { Resources = new(long.MaxValue, 1, 0, 0) } },
            "arithmetic-overflow task.resources.cpu" },
        { Valid with { Instances = 2, Task = Valid.Task with { Resources = new(1, 1, 0, long.MaxValue / 1000 * 1000) } },
            "arithmetic-overflow task.resources.gpus" },
        { Valid with { Task = Valid.Task with { Resources = new(1, 1, 1L << 43, 0) } }, "arithmetic-overflow task.resources.disk" },
        { Valid with { Task = Valid.Task with { Ports = [.. Enumerable.Range(0, 65).Select(i => $"p{i}")] } },
            "above-maximum task.resources.ports" },
        { Valid with { Task = Valid.Task with { Kill = new() { Grace = TimeSpan.FromTicks(1) } } }, "bad-quantity task.kill.grace" },
        { Valid with { Task = Valid.Task with { Kill = new() { GracefulShutdown = "/" + new string('x', 2000) } } },
            "too-long task.kill.graceful-shutdown" },
        { Valid with { Constraints = [new Constraint.Value("zone", [], false)] }, "constraint-syntax constraints[0].zone" },
        { Valid with { Constraints = [new Constraint.Value("zone", [new string('x', 2000)], false)] }, "too-long constraints[0].zone" },
        { Valid with { Constraints = [.. Enumerable.Repeat(new Constraint.Limit("rack", 1), 65)] }, "above-maximum constraints" },
        { Valid with { Constraints = [new Constraint.Spread("rack", 0)] }, "below-minimum constraints[0].rack" },
        { Valid with { Constraints = [new Constraint.Affinity("rack", new("a", "..", "c"), true)] }, "bad-name constraints[0].rack" },
        { Valid with { Constraints = [new Constraint.Affinity("dedicated", new("a", "b", "c"), true)] },
            "constraint-syntax constraints[0].dedicated" },
        { Valid with { Task = Valid.Task with { Custom = Custom(65) } }, "above-maximum task.resources.custom" },
        { Valid with { TimeLimit = TimeSpan.FromHours(1) }, "not-for-type time-limit" },
        { Valid with { Sla = new(double.NaN, null, default) }, "number-out-of-range sla.percentage" },
        { Valid with { Instances = 1, Sla = new(null, 2, default) }, "above-maximum sla.count" },
        { Valid with { Update = new() { Strategy = "" } }, "unknown-value update.strategy" },
        { WithTemplate("../a", ""), "template-path task.templates[0].path" },
        { WithTemplate("/etc/a", ""), "template-path task.templates[0].path" },
        { WithTemplate("a//b", ""), "template-path task.templates[0].path" },
        { WithTemplate("", ""), "template-path task.templates[0].path" },
        { WithTemplate("a", "${service:shop/prod/db}"), "template-reference task.templates[0].text" },
        { WithTemplate("a", "${service:db:http}"), "template-reference task.templates[0].text" },
        { WithTemplate("a", "${service:shop/prod/db:http"), "template-reference task.templates[0].text" },
        { WithTemplate("a", "${service:shop/prod/db:8080}"), "template-reference task.templates[0].text" },
        { WithTemplate("a", string.Concat(Enumerable.Repeat("${service:a/b/c:d}", 65))), "template-reference task.templates[0].text" },
        { WithTemplate("a", new('x', 65_537)), "too-long task.templates[0].text" },
        { WithTemplate("a", "${PORT_FTP}"), "undefined-binding task.templates[0].text" },
        { WithTemplate("a", "", "KILL"), "template-signal task.templates[0].signal" },
        { Valid with { Task = Valid.Task with { Templates = [new() { Path = "a" }, new() { Path = "a" }] } },
            "template-path task.templates[1].path" },
        { Valid with { Task = Valid.Task with { Templates = [.. Enumerable.Range(0, 17).Select(Named)] } },
            "above-maximum task.templates" },
        { Of(new ProcessSpec { Name = "a" }), "command-empty task.processes[0].command" },
        { Of(A, A), "process-order task.processes[1].name" },
        { Of(A with { Name = "a/b" }), "bad-name task.processes[0].name" },
        { Of(A, A with { Name = "b", After = ["c"] }), "process-order task.processes[1].after" },
        { Of(A with { After = ["b"] }, A with { Name = "b", After = ["a"] }), "process-order task.processes" },
        { Of(A with { After = ["a"] }), "process-order task.processes" },
        { Of(A with { Daemon = true }, A with { Name = "b", After = ["a"] }), "process-order task.processes[1].after" },
        { Of(A with { Ephemeral = true }, A with { Name = "b", After = ["a"] }), "process-order task.processes[1].after" },
        { Of(A, A with { Name = "b", After = ["a"], Final = true }), "process-order task.processes[1].after" },
        { Of(A with { Final = true }), "process-order task.processes" },
        { Of(A with { Ephemeral = true }), "process-order task.processes" },
        { Of([.. Enumerable.Range(0, 101).Select(i => A with { Name = $"p{i}" })]), "above-maximum task.processes" },
        { Of(A with { MinDuration = TimeSpan.FromSeconds(-1) }), "below-minimum task.processes[0].min-duration" },
        { Of(A with { Command = ["x", "${PORT_NONE}"] }), "undefined-binding task.processes[0].command" },
        { Of(A) with { Task = Of(A).Task with { MaxConcurrency = 101 } }, "above-maximum task.max-concurrency" },
        { Of(A) with { Task = Of(A).Task with { FinalizationWait = TimeSpan.FromDays(31) } }, "above-maximum task.finalization-wait" },
        { Of(A) with { Task = Of(A).Task with { Command = ["x"] } }, "processes-or-command task.processes" },
        { Valid with { Task = Valid.Task with { User = "" } }, "bad-name task.user" },
        { WithLimit("files", 1), "unknown-value task.rlimits.files" },
        { WithLimit("nofile", -2), "below-minimum task.rlimits.nofile" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_broken_rule_is_named_with_its_path(JobSpec spec, string expected) =>
        Assert.Equal(expected, string.Join("; ", JobRules.Check(spec).Select(error => $"{error.Code} {error.Path}")));

    private static TemplateSpec Named(int number) => new() { Path = $"{number}" };

    private static JobSpec WithLimit(string name, long amount) => Valid with
    {
        Task = Valid.Task with { Rlimits = ImmutableSortedDictionary<string, long>.Empty.Add(name, amount) },
    };

    private static JobSpec WithTemplate(string path, string text, string? signal = null) =>
        Valid with { Task = Valid.Task with { Templates = [new() { Path = path, Text = text, Signal = signal }] } };

    private static ProcessSpec A => new() { Name = "a", Command = ["x"] };

    private static JobSpec Of(params ImmutableArray<ProcessSpec> processes) =>
        Valid with { Task = Valid.Task with { Command = [], Processes = processes } };

    private static CustomRequest Custom(int names) =>
        new() { Scalars = Enumerable.Range(0, names).ToImmutableSortedDictionary(i => $"c{i}", _ => 1L) };

    [Fact]
    public void A_spec_that_keeps_the_rules_has_no_errors() => Assert.Empty(JobRules.Check(Valid));
}
