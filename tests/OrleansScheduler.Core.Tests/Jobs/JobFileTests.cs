using System.Text;

namespace OrleansScheduler.Core.Tests;

public sealed class JobFileTests
{
    private const string Smallest = "{job: web, role: shop, env: prod, type: service, task: {command: [sleep, 60]}}";

    private const string Full =
        """
        job: web
        role: shop
        env: prod
        type: service
        instances: 3
        gang: true
        priority: 50
        tier: preferred
        task:
          driver: process
          command: ["python3", "-m", "http.server", "${PORT_HTTP}"]
          image:
          processes:
          env: { GREETING: hello, PORT: 8080, DEBUG: true, EMPTY: "" }
          resources:
            { cpu: 0.5, memory: 256MiB, disk: 1GiB, gpus: 2, ports: [http], custom: { bandwidth: 100, licenses: 0.5 }, sets: { fpga: 1 } }
          health: { http: { port: http, path: /health }, initial-delay: 15s, interval: 10s, timeout: 1s, max-failures: 3, min-successes: 2 }
          kill: { grace: 6s, graceful-shutdown: /quitquitquit }
          logs: { rotate-size: 10MiB, keep: 2 }
        retry: { max-failures: 1, backoff: { initial: 20s, max: 10m } }
        constraints:
          - rack: limit 1
          - zone: [a, b]
          - zone: "!c"
          - zone: ["!d", "!e"]
          - host: n1
          - rack: spread 2
          - node: with shop/prod/db
          - rack: apart shop/prod/web
          - node: [n1, n2]
          - dedicated: shop/front
        update: { strategy: queue, batch: 2, watch: 30s, max-instance-failures: 1, max-failed-instances: 2, rollback: false, pulse: }
        sla: { percentage: 95, duration: 20m }
        partition: { reschedule: false, delay: 1m }
        """;

    private static JobSpec FullSpec => new()
    {
        Key = new("shop", "prod", "web"),
        Type = JobType.Service,
        Instances = 3,
        Gang = true,
        Priority = 50,
        Tier = Tier.Preferred,
        Task = new()
        {
            Command = ["python3", "-m", "http.server", "${PORT_HTTP}"],
            Env = ImmutableSortedDictionary<string, string>.Empty
                .Add("GREETING", "hello").Add("PORT", "8080").Add("DEBUG", "true").Add("EMPTY", ""),
            Resources = new(500, 256, 1024, 2000),
            Custom = new()
            {
                Scalars = ImmutableSortedDictionary<string, long>.Empty.Add("bandwidth", 100_000).Add("licenses", 500),
                Sets = ImmutableSortedDictionary<string, int>.Empty.Add("fpga", 1),
            },
            Ports = ["http"],
            Health = new() { Probe = new HealthProbe.Http("http", "/health"), MaxFailures = 3, MinSuccesses = 2 },
            Kill = new() { Grace = TimeSpan.FromSeconds(6), GracefulShutdown = "/quitquitquit" },
            Logs = new() { RotateSizeMiB = 10, Keep = 2 },
        },
        Retry = new() { BackoffInitial = TimeSpan.FromSeconds(20), BackoffMax = TimeSpan.FromMinutes(10) },
        Constraints =
        [
            new Constraint.Limit("rack", 1),
            new Constraint.Value("zone", ["a", "b"], Negated: false),
            new Constraint.Value("zone", ["c"], Negated: true),
            new Constraint.Value("zone", ["d", "e"], Negated: true),
            new Constraint.Value("host", ["n1"], Negated: false),
            new Constraint.Spread("rack", 2),
            new Constraint.Affinity("node", new("shop", "prod", "db"), Apart: false),
            new Constraint.Affinity("rack", new("shop", "prod", "web"), Apart: true),
            new Constraint.Value("node", ["n1", "n2"], Negated: false),
            new Constraint.Value("dedicated", ["shop/front"], Negated: false),
        ],
        Update = new() { Batch = 2, Watch = TimeSpan.FromSeconds(30), MaxInstanceFailures = 1, MaxFailedInstances = 2, Rollback = false },
        Sla = new(95, null, TimeSpan.FromMinutes(20)),
        Partition = new() { Reschedule = false, Delay = TimeSpan.FromMinutes(1) },
    };

    [Fact]
    public void Every_field_is_read() => Assert.Equal(FullSpec, Read(Full));

    [Fact]
    public void A_file_with_Windows_line_ends_and_a_byte_order_mark_reads_the_same()
    {
        byte[] file = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Full.Replace("\n", "\r\n"))];
        Assert.Equal(FullSpec, Assert.Single(JobFile.Parse(file).Value));
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var expected = new JobSpec { Key = new("shop", "prod", "web"), Type = JobType.Service, Task = new() { Command = ["sleep", "60"] } };
        Assert.Equal(expected, Read(Smallest));
    }

    [Fact]
    public void The_written_form_leaves_defaults_out() =>
        Assert.Equal("job: web\nrole: shop\nenv: prod\ntype: service\ntask:\n  command: [sleep, \"60\"]\n",
            JobFile.WriteYaml(Read(Smallest)));

    [Fact]
    public void The_written_form_is_one_that_people_would_write()
    {
        const string Expected =
            """
            job: web
            role: shop
            env: prod
            type: service
            instances: 3
            gang: true
            priority: 50
            tier: preferred
            task:
              command: [python3, "-m", http.server, "${PORT_HTTP}"]
              env:
                DEBUG: "true"
                EMPTY: ""
                GREETING: hello
                PORT: "8080"
              resources:
                cpu: 0.5
                memory: 256MiB
                disk: 1GiB
                gpus: 2
                ports: [http]
                custom:
                  bandwidth: 100
                  licenses: 0.5
                sets:
                  fpga: 1
              health:
                http:
                  port: http
                max-failures: 3
                min-successes: 2
              kill:
                grace: 6s
                graceful-shutdown: /quitquitquit
              logs:
                rotate-size: 10MiB
                keep: 2
            retry:
              backoff:
                initial: 20s
                max: 10m
            constraints:
              - rack: "limit 1"
              - zone: [a, b]
              - zone: ["!c"]
              - zone: ["!d", "!e"]
              - host: [n1]
              - rack: "spread 2"
              - node: "with shop/prod/db"
              - rack: "apart shop/prod/web"
              - node: [n1, n2]
              - dedicated: [shop/front]
            update:
              batch: 2
              watch: 30s
              max-instance-failures: 1
              max-failed-instances: 2
              rollback: false
            sla:
              percentage: 95
              duration: 20m
            partition:
              reschedule: false
              delay: 1m

            """;
        Assert.Equal(Expected, JobFile.WriteYaml(FullSpec));
    }

    [Fact]
    public void A_script_of_several_lines_is_read_and_written_as_a_block()
    {
        var file = "job: web\nrole: shop\nenv: prod\ntype: batch\ntask:\n  command: |\n    set -e\n\n    exec ./run \"$@\"\n";
        Assert.Equal(["/bin/sh", "-c", "set -e\n\nexec ./run \"$@\"\n"], Read(file).Task.Command);
        Assert.Equal(file, JobFile.WriteYaml(Read(file)));
    }

    [Fact]
    public void JSON_and_YAML_say_the_same()
    {
        var json = JobFile.WriteJson(FullSpec);
        Assert.StartsWith("{\n  \"job\": \"web\",", json, StringComparison.Ordinal);
        Assert.Equal(FullSpec, Read(json));
    }

    [Theory]
    [InlineData("\\u00e9\\/\\ud83d\\ude00\\\\\\\"\\n\\t", "é/😀\\\"\n\t")]
    [InlineData("日本 😀", "日本 😀")]
    public void Every_escape_of_JSON_is_understood(string written, string text)
    {
        var json = $$"""{"job":"web","role":"shop","env":"prod","type":"service","task":{"command":["a","{{written}}"]} }""";
        Assert.Equal(["a", text], Read(json).Task.Command);
        Assert.Equal(["a", text], Read("# as YAML\n" + json).Task.Command);
    }

    [Theory]
    [InlineData("\n---\n")]
    [InlineData("\n---\n# nothing\n---\n")]
    [InlineData("\n...\n---\n")]
    public void A_file_may_hold_several_documents(string separator)
    {
        var file = Smallest + separator + Smallest.Replace("web", "api") + "\n---\n";
        Assert.Equal(["web", "api"], JobFile.Parse(file).Value.Select(spec => spec.Key.Name));
    }

    [Fact]
    public void JSON_values_one_after_the_other_are_several_documents()
    {
        var json = JobFile.WriteJson(FullSpec);
        Assert.Equal(["web", "api"], JobFile.Parse(json + json.Replace("\"web\"", "\"api\"")).Value.Select(spec => spec.Key.Name));
    }

    [Fact]
    public void Anchors_and_aliases_may_be_used_with_measure()
    {
        var file = "job: web\nrole: &stage prod\nenv: *stage\ntype: service\ntask:\n  command: &c [sleep, 60]\n  health: {command: *c}\n";
        var spec = Read(file);
        Assert.Equal(new JobKey("prod", "prod", "web"), spec.Key);
        Assert.Equal(new HealthProbe.Command(["sleep", "60"]), spec.Task.Health?.Probe);
    }

    [Theory]
    [InlineData("limit 1", "rack=1")]
    [InlineData("\"limit  12\"", "rack=12")]
    [InlineData("limit", "rack:limit")]
    [InlineData("[limit 1]", "rack:limit 1")]
    [InlineData("spread 3", "rack~3")]
    [InlineData("[spread 3]", "rack:spread 3")]
    [InlineData("with a/b/c", "rack+a/b/c")]
    [InlineData("apart  a/b/c", "rack-a/b/c")]
    [InlineData("with", "rack:with")]
    [InlineData("[with love]", "rack:with love")]
    [InlineData("7", "rack:7")]
    [InlineData("\"!a b\"", "rack!a b")]
    public void A_constraint_is_a_limit_a_spread_an_affinity_or_values(string written, string expected)
    {
        const string Job = "job: web\nrole: shop\nenv: prod\ntype: service\ntask: {command: x}\n";
        var constraint = Assert.Single(Read($"{Job}constraints:\n  - rack: {written}\n").Constraints);
        Assert.Equal(expected, constraint switch
        {
            Constraint.Limit limit => $"{limit.Attribute}={limit.Count}",
            Constraint.Spread spread => $"{spread.Attribute}~{spread.MaxSkew}",
            Constraint.Affinity affinity => $"{affinity.Attribute}{(affinity.Apart ? "-" : "+")}{affinity.Job}",
            Constraint.Value value => $"{value.Attribute}{(value.Negated ? "!" : ":")}{string.Join(",", value.Values)}",
            _ => null,
        });
    }

    [Theory]
    [InlineData("http", "PORT_HTTP")]
    [InlineData("admin-http.2", "PORT_ADMIN_HTTP_2")]
    public void A_port_becomes_a_variable(string name, string variable) => Assert.Equal(variable, PortName.Variable(name));

    private static JobSpec Read(string file)
    {
        var answer = JobFile.Parse(file);
        Assert.Empty(answer.Problem?.Errors ?? []);
        return Assert.Single(answer.Value);
    }
}
