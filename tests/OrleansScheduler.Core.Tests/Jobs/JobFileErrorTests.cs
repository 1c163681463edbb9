using System.Text;

namespace OrleansScheduler.Core.Tests;

/// <summary>Bad input, a row per rule: what is written wrong, and the code, path and place of the answer.</summary>
public sealed class JobFileErrorTests
{
    /// <summary>A valid file whose lines the rows replace. Line 7 is a comment, so that rows can add lines there.</summary>
    private const string Base =
        """
        job: web
        role: shop
        env: prod
        type: service
        instances: 2
        priority: 1
        # more fields
        task:
          command: [sleep, "60"]
          # more of the task
          resources:
            cpu: 0.5
            memory: 256MiB
            ports: [http]
        """;

    private const string Cron = "type: cron\nschedule: \"0 0 * * *\"";

    public static TheoryData<int, string, string> Rows { get; } = new()
    {
        // line replaced, new text, expected errors as "code path line:column", in the order of the file
        { 5, "replcas: 2", "unknown-field replcas 5:1" },
        { 5, "instances: 1\ninstances: 2", "duplicate-key instances 6:1" },
        { 5, "instances: \"3\"", "type-mismatch instances 5:12" },
        { 5, "instances: three", "type-mismatch instances 5:12" },
        { 5, "instances: 1.5", "type-mismatch instances 5:12" },
        { 5, "instances: 0x10", "type-mismatch instances 5:12" },
        { 5, "instances: [1]", "type-mismatch instances 5:1" },
        { 5, "instances: 0", "below-minimum instances 5:12" },
        { 5, "instances: -1", "below-minimum instances 5:12" },
        { 5, "instances: 10001", "above-maximum instances 5:12" },
        { 5, "instances: 2147483648", "above-maximum instances 5:12" },
        { 5, "instances: 99999999999999999999999999", "above-maximum instances 5:12" },
        { 5, "instances: -99999999999999999999999999", "below-minimum instances 5:12" },
        { 5, "gang: 1", "type-mismatch gang 5:7" },
        { 5, "time-limit: 2h", "not-for-type time-limit 5:13" },
        { 4, "type: batch\ntime-limit: 0s", "below-minimum time-limit 5:13" },
        { 4, "type: batch\ntime-limit: 31d", "above-maximum time-limit 5:13" },
        { 4, "type: batch\ntime-limit: 2", "bad-quantity time-limit 5:13" },
        { 4, "type: servce\ntime-limit: 2h", "unknown-value type 4:7" },
        { 6, "priority: 1000001", "above-maximum priority 6:11" },
        { 6, "priority: -1000001", "below-minimum priority 6:11" },
        { 1, "# no job", "required job 2:1" },
        { 1, "job:", "required job 1:1" },
        { 3, "env: ~", "required env 3:1" },
        { 1, "job: ../x", "bad-name job 1:6" },
        { 1, "job: a/b", "bad-name job 1:6" },
        { 1, "job: \"%2e\"", "bad-name job 1:6" },
        { 1, "job: .", "bad-name job 1:6" },
        { 1, "job: \"\"", "bad-name job 1:6" },
        { 1, "job: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bad-name job 1:6" },
        { 1, "job: \"we\u202Eb\"", "bad-name job 1:6" },
        { 1, "job: wеb", "bad-name job 1:6" },
        { 1, "job: {a: b}", "type-mismatch job 1:1" },
        { 2, "role: \"sh op\"", "bad-name role 2:7" },
        { 2, "role: \"sh\\u001b[31mop\"", "control-character role 2:7" },
        { 2, "role: \"sh\\0op\"", "control-character role 2:7" },
        { 2, "role: \"sh\\nop\"", "bad-name role 2:7" },
        { 3, "env: prod!", "bad-name env 3:6" },
        { 4, "type: servce", "unknown-value type 4:7" },
        { 4, "# no type", "required type 1:1" },
        { 7, "tier: best", "unknown-value tier 7:7" },
        { 7, "schedule: \"0 0 * * *\"", "not-for-type schedule 7:11" },
        { 7, "timezone: UTC", "not-for-type timezone 7:11" },
        { 7, "collision: allow", "not-for-type collision 7:12" },
        { 4, Cron, "not-supported-yet type 4:7" },
        { 4, "type: cron", "required schedule 1:1; not-supported-yet type 4:7" },
        { 4, "type: cron\nschedule: 61 * * * *", "not-supported-yet type 4:7; cron-invalid schedule 5:11" },
        { 4, "type: cron\nschedule: nonsense", "not-supported-yet type 4:7; cron-invalid schedule 5:11" },
        { 4, "type: cron\nschedule: 0 0 30 2 *", "not-supported-yet type 4:7; cron-never-fires schedule 5:11" },
        { 4, Cron + "\ntimezone: Mars/Olympus", "not-supported-yet type 4:7; timezone-unknown timezone 6:11" },
        { 4, Cron + "\ncollision: both", "not-supported-yet type 4:7; unknown-value collision 6:12" },
        { 4, Cron + "\ncatch-up: true", "not-supported-yet type 4:7; not-supported-yet catch-up 6:11" },
        { 9, "  # no command", "required task.command 11:3" },
        { 9, "  command: []", "command-empty task.command 9:3" },
        { 9, "  command: \"  \"", "command-empty task.command 9:12" },
        { 9, "  command: [\"\", a]", "command-empty task.command[0] 9:13" },
        { 9, "  command: {a: b}", "type-mismatch task.command 9:3" },
        { 9, "  command: [a, [b]]", "type-mismatch task.command[1] 9:16" },
        { 9, "  command: [a, ~]", "type-mismatch task.command[1] 9:16" },
        { 9, "  command: [a, \"${PORT_ADMIN}\"]", "undefined-binding task.command[1] 9:16" },
        { 9, "  command: exec web --port ${PORT_ADMIN}", "undefined-binding task.command 9:12" },
        { 9, "  comand: [a]", "unknown-field task.comand 9:3; required task.command 9:3" },
        { 10, "  driver: container", "not-supported-yet task.driver 10:11" },
        { 10, "  driver: vm", "unknown-value task.driver 10:11" },
        { 10, "  image: debian", "not-supported-yet task.image 10:10" },
        { 10, "  user: nobody", "not-supported-yet task.user 10:9" },
        { 10, "  processes: [{name: a, command: b}]", "not-supported-yet task.processes 10:3" },
        {
            10, "  processes: [{command: b, deamon: true}]",
            "required task.processes[0].name 10:15; unknown-field task.processes[0].deamon 10:28"
        },
        { 10, "  artifacts: [{source: a}]", "not-supported-yet task.artifacts 10:3" },
        { 10, "  env: {A=B: x}", "env-name task.env.A=B 10:14" },
        { 10, "  env: {1A: x}", "env-name task.env.1A 10:13" },
        { 10, "  env: {a.b: x}", "env-name task.env.a.b 10:14" },
        { 10, "  env: {LD_PRELOAD: /x.so}", "env-forbidden task.env.LD_PRELOAD 10:21" },
        { 10, "  env: {LD_LIBRARY_PATH: /x}", "env-forbidden task.env.LD_LIBRARY_PATH 10:26" },
        { 10, "  env: {OSCHED_JOB: x}", "env-forbidden task.env.OSCHED_JOB 10:21" },
        { 10, "  env: {PORT_HTTP: \"80\"}", "env-forbidden task.env.PORT_HTTP 10:20" },
        { 10, "  env: {A: [x]}", "type-mismatch task.env.A 10:9" },
        { 10, "  env: {A: }", "type-mismatch task.env.A 10:9" },
        { 10, "  env: {A: \"${PORT_X}\"}", "undefined-binding task.env.A 10:12" },
        { 10, "  env: [A]", "type-mismatch task.env 10:3" },
        { 12, "    cpu: 0", "below-minimum task.resources.cpu 12:10" },
        { 12, "    cpu: -1", "below-minimum task.resources.cpu 12:10" },
        { 12, "    cpu: NaN", "number-out-of-range task.resources.cpu 12:10" },
        { 12, "    cpu: .nan", "number-out-of-range task.resources.cpu 12:10" },
        { 12, "    cpu: 1e999", "number-out-of-range task.resources.cpu 12:10" },
        { 12, "    cpu: 0.0001", "bad-quantity task.resources.cpu 12:10" },
        { 12, "    cpu: two", "bad-quantity task.resources.cpu 12:10" },
        { 12, "    cpu: true", "type-mismatch task.resources.cpu 12:10" },
        { 12, "    cpus: 1", "unknown-field task.resources.cpus 12:5" },
        { 12, "    cpu: 9223372036854775.807", "arithmetic-overflow task.resources.cpu 12:10" },
        { 13, "    memory: 256", "bad-quantity task.resources.memory 13:13" },
        { 13, "    memory: 10QB", "bad-quantity task.resources.memory 13:13" },
        { 13, "    memory: 1 G B", "bad-quantity task.resources.memory 13:13" },
        { 13, "    memory: 1GB", "bad-quantity task.resources.memory 13:13" },
        { 13, "    memory: 0MiB", "below-minimum task.resources.memory 13:13" },
        { 13, "    memory: -5MiB", "below-minimum task.resources.memory 13:13" },
        { 13, "    memory: 8796093022207MiB", "arithmetic-overflow task.resources.memory 13:13" },
        { 13, "    memory: 9999999999TiB", "number-out-of-range task.resources.memory 13:13" },
        { 13, "    disk: -1GiB", "below-minimum task.resources.disk 13:11" },
        { 13, "    gpus: 1.5", "bad-quantity task.resources.gpus 13:11" },
        { 13, "    custom: {bandwidth: 0}", "below-minimum task.resources.custom.bandwidth 13:25" },
        { 13, "    custom: {bandwidth: -1}", "below-minimum task.resources.custom.bandwidth 13:25" },
        { 13, "    custom: {bandwidth: 0.0001}", "bad-quantity task.resources.custom.bandwidth 13:25" },
        { 13, "    custom: {bandwidth: [1]}", "type-mismatch task.resources.custom.bandwidth 13:14" },
        { 13, "    custom: {bandwidth: }", "bad-quantity task.resources.custom.bandwidth 13:14" },
        { 13, "    custom: {bandwidth: 9223372036854775.807}", "arithmetic-overflow task.resources.custom.bandwidth 13:25" },
        { 13, "    custom: {\"a b\": 1}", "bad-name task.resources.custom.a b 13:21" },
        { 13, "    custom: {cpu: 1}", "bad-name task.resources.custom.cpu 13:19" },
        { 13, "    custom: 1", "type-mismatch task.resources.custom 13:13" },
        { 13, "    sets: {fpga: 0}", "below-minimum task.resources.sets.fpga 13:18" },
        { 13, "    sets: {fpga: 10001}", "above-maximum task.resources.sets.fpga 13:18" },
        { 13, "    sets: {fpga: 0.5}", "type-mismatch task.resources.sets.fpga 13:18" },
        { 13, "    sets: {ports: 1}", "bad-name task.resources.sets.ports 13:19" },
        { 13, "    gpus: -1", "below-minimum task.resources.gpus 13:11" },
        { 14, "    ports: [8080]", "port-name task.resources.ports[0] 14:13" },
        { 14, "    ports: [http, \"a b\"]", "port-name task.resources.ports[1] 14:19" },
        { 14, "    ports: [http, http]", "port-duplicate task.resources.ports[1] 14:19" },
        { 14, "    ports: [a-b, a.b]", "port-duplicate task.resources.ports[1] 14:18" },
        { 14, "    ports: http", "type-mismatch task.resources.ports 14:12" },
        { 10, "  health: {interval: 1s}", "health-kind task.health 10:11" },
        { 10, "  health: {tcp: {port: http}, command: x}", "health-kind task.health 10:11" },
        { 10, "  health: {tcp: {port: htpp}}", "health-port-unknown task.health.tcp.port 10:24" },
        { 10, "  health: {http: {port: web, path: /}}", "health-port-unknown task.health.http.port 10:25" },
        { 10, "  health: {http: {path: /}}", "required task.health.http.port 10:18" },
        { 10, "  health: {http: {port: http, path: health}}", "health-path task.health.http.path 10:37" },
        { 10, "  health: {http: {port: http, path: \"file:///etc/passwd\"}}", "health-path task.health.http.path 10:37" },
        { 10, "  health: {http: {port: http, path: /a b}}", "health-path task.health.http.path 10:37" },
        { 10, "  health: {command: []}", "command-empty task.health.command 10:12" },
        { 10, "  health: {tcp: {port: http}, interval: 0s}", "below-minimum task.health.interval 10:41" },
        { 10, "  health: {tcp: {port: http}, timeout: 0s}", "below-minimum task.health.timeout 10:40" },
        { 10, "  health: {tcp: {port: http}, initial-delay: -1s}", "below-minimum task.health.initial-delay 10:46" },
        { 10, "  health: {tcp: {port: http}, interval: 31d}", "above-maximum task.health.interval 10:41" },
        { 10, "  health: {tcp: {port: http}, max-failures: -1}", "below-minimum task.health.max-failures 10:45" },
        { 10, "  health: {tcp: {port: http}, min-successes: 0}", "below-minimum task.health.min-successes 10:46" },
        { 10, "  kill: {grace: 5}", "bad-quantity task.kill.grace 10:17" },
        { 10, "  kill: {grace: -5s}", "below-minimum task.kill.grace 10:17" },
        { 10, "  kill: {graceful-shutdown: quit}", "kill-path task.kill.graceful-shutdown 10:29" },
        { 14, "  kill: {graceful-shutdown: /quit}", "kill-port-missing task.kill.graceful-shutdown 14:29" },
        { 10, "  logs: {rotate-size: 0MiB}", "below-minimum task.logs.rotate-size 10:23" },
        { 10, "  logs: {keep: 1001}", "above-maximum task.logs.keep 10:16" },
        { 7, "retry: {max-failures: 3}", "not-for-type retry.max-failures 7:23" },
        { 4, "type: batch\nretry: {max-failures: 0}", "below-minimum retry.max-failures 5:23" },
        { 4, "type: batch\nretry: {max-failures: -2}", "below-minimum retry.max-failures 5:23" },
        { 7, "retry: {backoff: {initial: 0s}}", "below-minimum retry.backoff.initial 7:28" },
        { 7, "retry: {backoff: {initial: 10m}}", "below-minimum retry.backoff.max 7:9" },
        { 7, "constraints: {rack: limit 1}", "type-mismatch constraints 7:1" },
        { 7, "constraints: [rack]", "constraint-syntax constraints[0] 7:15" },
        { 7, "constraints:\n  - rack: limit 1\n    zone: a", "constraint-syntax constraints[0] 8:5" },
        { 7, "constraints:\n  - rack: limit x", "constraint-syntax constraints[0].rack 8:11" },
        { 7, "constraints:\n  - rack: limit 0", "below-minimum constraints[0].rack 8:11" },
        { 7, "constraints:\n  - zone: a\n  - zone: [a, \"!b\"]", "constraint-syntax constraints[1].zone 9:5" },
        { 7, "constraints:\n  - zone: []", "constraint-syntax constraints[0].zone 8:5" },
        { 7, "constraints:\n  - zone: {a: b}", "constraint-syntax constraints[0].zone 8:5" },
        { 7, "constraints:\n  - zone:", "constraint-syntax constraints[0].zone 8:5" },
        { 7, "constraints:\n  - zone: \"!\"", "constraint-syntax constraints[0].zone 8:11" },
        { 7, "constraints:\n  - \"z one\": a", "bad-name constraints[0] 8:5" },
        { 7, "constraints:\n  - rack: spread x", "constraint-syntax constraints[0].rack 8:11" },
        { 7, "constraints:\n  - rack: spread 0", "below-minimum constraints[0].rack 8:11" },
        { 7, "constraints:\n  - rack: spread 10001", "above-maximum constraints[0].rack 8:11" },
        { 7, "constraints:\n  - node: with db", "constraint-syntax constraints[0].node 8:11" },
        { 7, "constraints:\n  - node: apart shop/../db", "constraint-syntax constraints[0].node 8:11" },
        { 7, "constraints:\n  - node: with shop/prod/web", "affinity-to-itself constraints[0].node 8:11" },
        { 7, "constraints:\n  - dedicated: bank/db", "dedicated-role constraints[0].dedicated 8:16" },
        { 7, "constraints:\n  - dedicated: shop", "constraint-syntax constraints[0].dedicated 8:16" },
        { 7, "constraints:\n  - dedicated: shop/", "constraint-syntax constraints[0].dedicated 8:16" },
        { 7, "constraints:\n  - dedicated: \"!shop/db\"", "constraint-syntax constraints[0].dedicated 8:16" },
        { 7, "constraints:\n  - dedicated: [shop/a, shop/b]", "constraint-syntax constraints[0].dedicated 8:5" },
        { 7, "constraints:\n  - dedicated: limit 1", "constraint-syntax constraints[0].dedicated 8:16" },
        { 2, "role: 1 2\nconstraints:\n  - dedicated: shop/db", "bad-name role 2:7; dedicated-role constraints[0].dedicated 4:16" },
        { 2, "constraints:\n  - dedicated: shop/db", "required role 1:1" },
        { 7, "constraints:\n  - zone: !c", "tag-unsupported constraints[0].zone 8:11" },
        { 7, "update: {batch: 0}", "below-minimum update.batch 7:17" },
        { 7, "update: {watch: -1s}", "below-minimum update.watch 7:17" },
        { 7, "update: {watch: -1}", "bad-quantity update.watch 7:17" },
        { 7, "update: {max-instance-failures: -1}", "below-minimum update.max-instance-failures 7:33" },
        { 7, "update: {max-failed-instances: -1}", "below-minimum update.max-failed-instances 7:32" },
        { 7, "update: {rollback: yes}", "type-mismatch update.rollback 7:20" },
        { 7, "update: {rollback: \"true\"}", "type-mismatch update.rollback 7:20" },
        { 7, "update: {strategy: batch}", "not-supported-yet update.strategy 7:20" },
        { 7, "update: {strategy: fast}", "unknown-value update.strategy 7:20" },
        { 7, "update: {pulse: 1m}", "not-supported-yet update.pulse 7:17" },
        { 7, "update: {sla-aware: true}", "not-supported-yet update.sla-aware 7:21" },
        { 7, "sla: {duration: 1m}", "sla-kind sla 7:1" },
        { 7, "sla: {percentage: 95, count: 1}", "sla-kind sla 7:1" },
        { 7, "sla: {percentage: 101}", "above-maximum sla.percentage 7:19" },
        { 7, "sla: {percentage: -1}", "below-minimum sla.percentage 7:19" },
        { 7, "sla: {percentage: .nan}", "number-out-of-range sla.percentage 7:19" },
        { 7, "sla: {percentage: most}", "type-mismatch sla.percentage 7:19" },
        { 7, "sla: {count: 3}", "above-maximum sla.count 7:14" },
        { 4, "type: batch\nsla: {count: 1}", "not-for-type sla 5:1" },
        { 7, "partition: {delay: -1s}", "below-minimum partition.delay 7:20" },
        { 7, "partition: {reschedule: 1}", "type-mismatch partition.reschedule 7:25" },
        { 7, "partition: [a]", "type-mismatch partition 7:12" },
        { 7, "update: {<<: {batch: 1}}", "unknown-field update.<< 7:10" },
        { 7, "? [a]\n: b", "syntax  7:3" },
        { 7, "sla: *nowhere", "syntax sla 7:6" },
        { 7, "sla: !!binary aGk=", "tag-unsupported sla 7:6; type-mismatch sla 7:6" },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_broken_rule_is_named_with_the_path_and_the_place(int line, string text, string expected)
    {
        var lines = Base.Split('\n');
        lines[line - 1] = text;

        Assert.Equal(expected, Errors(string.Join('\n', lines)));
    }

    [Fact]
    public void The_file_that_the_rows_break_is_valid() => Assert.Null(JobFile.Parse(Base).Problem);

    [Theory]
    [InlineData("")]
    [InlineData(" \n\n")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n---\n")]
    [InlineData("\uFEFF")]
    [InlineData("null")]
    public void An_empty_file_needs_a_body(string file)
    {
        Assert.Equal("body-required  0:0", Errors(file));
        Assert.Equal(ProblemKind.Malformed, JobFile.Parse(file).Problem?.Kind);
    }

    [Theory]
    [InlineData("{\"job\": \"web\"", "syntax  1:14")]
    [InlineData("{\"job\": \"web\",}", "syntax  1:15")]
    [InlineData("{\"job\": \"web\"\n  \"role\"", "syntax  2:3")]
    [InlineData("{\"job\": \"\\ud800\"}", "invalid-utf8 job 1:9")]
    [InlineData("{\"job\": 1, \"job\": 2}", "duplicate-key job 1:12")]
    [InlineData("job: \"\\ud800\"", "syntax  1:6")]
    [InlineData("job: [a", "syntax  1:8")]
    [InlineData("job: web\n\trole: x", "syntax  2:1")]
    [InlineData("job: web\n  role: x", "syntax  2:7")]
    [InlineData("a: &x [*x]", "syntax a[0] 1:8")]
    [InlineData("job: a\0b", "control-character  1:7")]
    [InlineData("job: a\n# \u001b[31m", "control-character  2:3")]
    public void A_file_that_cannot_be_read_says_where(string file, string expected)
    {
        Assert.Contains(expected, Errors(file).Split("; "));
    }

    [Theory]
    [InlineData("just text", "type-mismatch  1:1")]
    [InlineData("[1]", "type-mismatch  1:1")]
    [InlineData("- a", "type-mismatch  1:1")]
    public void A_document_that_is_not_fields_is_refused(string file, string expected) => Assert.Equal(expected, Errors(file));

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused_with_their_place()
    {
        var problem = JobFile.Parse((byte[])[.. "job: web\nrole: é"u8, 0xC3, 0x28]).Problem;
        Assert.Equal(new FieldError("invalid-utf8", "", problem!.Errors[0].Message, 2, 8, 0), Assert.Single(problem.Errors));
        Assert.Equal("invalid-utf8", problem.Code);
    }

    [Fact]
    public void A_file_of_more_than_a_MiB_is_too_large()
    {
        var problem = JobFile.Parse(new byte[JobLimits.MaxFileBytes + 1]).Problem;
        Assert.Equal((ProblemKind.TooLarge, "file-too-large"), (problem!.Kind, problem.Code));
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    [InlineData("{a: ", "}")]
    public void Nesting_beyond_the_limit_is_refused_however_deep(string open, string close)
    {
        foreach (var depth in (int[])[65, 100, 10_000, 100_000])
        {
            var file = string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth));
            Assert.Contains("too-deep", Errors(file));
        }
    }

    [Fact]
    public void Aliases_that_stand_for_too_many_values_are_refused()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++) bomb.AppendLine($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]");
        Assert.Contains("too-many-aliases", Errors(bomb.ToString()));
    }

    [Fact]
    public void A_file_has_at_most_a_hundred_documents()
    {
        var documents = Enumerable.Range(0, 101).Select(i => Base.Replace("job: web", $"job: web{i}"));
        Assert.StartsWith("too-many-documents", Errors(string.Join("\n---\n", documents)));
        Assert.Equal(100, JobFile.Parse(string.Join("\n---\n", documents.Take(100))).Value.Length);
    }

    [Fact]
    public void The_errors_of_all_documents_are_reported_with_their_document()
    {
        string[] documents =
        [
            Base.Replace("instances: 2", "instances: 0"),
            Base.Replace("job: web", "job: other"),
            Base.Replace("job: web", "job: third").Replace("priority", "prioritty"),
        ];
        var file = string.Join("\n---\n", documents);
        var problem = JobFile.Parse(file).Problem!;
        Assert.Equal([("below-minimum", 5, 0), ("unknown-field", 36, 2)],
            problem.Errors.Select(error => (error.Code, error.Line, error.Document)));
        Assert.Equal((ProblemKind.Invalid, "job-file-invalid"), (problem.Kind, problem.Code));
    }

    [Fact]
    public void A_job_stands_in_a_file_once() => Assert.Equal("duplicate-job job 16:6", Errors(Base + "\n---\n" + Base));

    [Fact]
    public void The_list_of_errors_has_an_end()
    {
        var file = Base + "\n" + string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"unknown{i}: 1"));
        var problem = JobFile.Parse(file).Problem!;
        Assert.Equal(JobLimits.MaxErrors + 1, problem.Errors.Length);
        Assert.Contains(problem.Errors, error => error.Code == "too-many-errors");
    }

    [Fact]
    public void An_argument_has_the_length_that_the_system_can_pass()
    {
        var longest = new string('x', JobLimits.MaxArgumentBytes);
        Assert.Null(JobFile.Parse(Base.Replace("\"60\"", $"\"{longest}\"")).Problem);
        Assert.Equal("arg-too-long task.command[1] 9:20", Errors(Base.Replace("\"60\"", $"\"{longest}x\"")));
        var wide = new string('é', (JobLimits.MaxArgumentBytes / 2) + 1);
        Assert.Equal("arg-too-long task.command[1] 9:20", Errors(Base.Replace("\"60\"", $"\"{wide}\"")));
        Assert.Equal("env-too-long task.env.A 10:12", Errors(Base.Replace("  # more of the task", $"  env: {{A: {longest}}}")));
    }

    [Theory]
    [InlineData("replcas: 2", "Did you mean 'instances'?", false)]
    [InlineData("replicas: 2", "Did you mean 'instances'?", true)]
    [InlineData("instnaces: 2", "Did you mean 'instances'?", true)]
    [InlineData("count: 2", "Did you mean 'instances'?", true)]
    [InlineData("maxFailures: 2", "'maxFailures'", true)]
    [InlineData("cpu: 2", "'cpu' stands under 'task.resources'.", true)]
    [InlineData("mem: 2", "'memory' stands under 'task.resources'.", true)]
    [InlineData("catchUp: true", "Did you mean 'catch-up'?", true)]
    [InlineData("zzzzzzzzzz: 2", "Known here: job, role, env,", true)]
    [InlineData("<<: {}", "merge keys", true)]
    public void An_unknown_field_comes_with_what_was_meant(string field, string hint, bool isHinted)
    {
        var message = Assert.Single(JobFile.Parse(Base.Replace("# more fields", field)).Problem!.Errors).Message;
        Assert.Equal(isHinted, message.Contains(hint, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("type: service", "type: srvice", "Did you mean 'service'?")]
    [InlineData("memory: 256MiB", "memory: 256", "did you mean 256MiB?")]
    [InlineData("instances: 2", "instances: 2147483648", "at most 10000")]
    [InlineData("ports: [http]", "ports: [8080]", "the agent chooses the numbers")]
    [InlineData("# more fields", "constraints:\n  - zone: !c", "needs quotes")]
    [InlineData("job: web", "job: a/b", "1 to 64 characters of A-Z")]
    public void A_message_says_what_would_be_right(string right, string wrong, string hint) =>
        Assert.Contains(hint, Assert.Single(JobFile.Parse(Base.Replace(right, wrong)).Problem!.Errors).Message);

    [Fact]
    public void A_message_never_repeats_control_characters_or_endless_text()
    {
        var problem = JobFile.Parse("\"\\u001b[31m\\u202e" + new string('x', 500) + "\": 1").Problem!;
        Assert.All(problem.Errors, error =>
        {
            Assert.DoesNotContain('\u001b', error.Message + error.Path);
            Assert.DoesNotContain('\u202e', error.Message + error.Path);
            Assert.InRange(error.Message.Length, 1, 400);
        });
    }

    private static string Errors(string file) => string.Join(
        "; ", (JobFile.Parse(file).Problem?.Errors ?? []).Select(error => $"{error.Code} {error.Path} {error.Line}:{error.Column}"));
}
