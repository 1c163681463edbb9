namespace OrleansScheduler.Agent.Tests;

/// <summary>What every driver that runs images has to do.</summary>
public abstract partial class ImageTaskTests : IAsyncLifetime
{
    /// <summary>Counts until it is told to stop, and says how far it came.</summary>
    private protected const string Counting =
        "i=0; while [ ! -e $OSCHED_SANDBOX/go ]; do echo line $i; i=$((i+1)); sleep 0.01; done; echo $i >$OSCHED_SANDBOX/count; ";

    private readonly List<string> _directories = [];

    private protected abstract string Driver { get; }

    private protected abstract string? Missing { get; }

    private protected abstract string Archive { get; }

    private protected abstract string ManifestDigest { get; }

    private protected abstract (string Key, string Value)[] Settings { get; }

    /// <summary>Whether a command's terminal follows changes of its size.</summary>
    private protected virtual bool FollowsSize => true;

    private protected Node Node { get; private set; } = null!;

    private protected string Allowed { get; private set; } = "";

    public virtual async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        Allowed = NewDirectory();
        Node = await Node.Start(All());
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Node is not null)
        {
            // Whatever a test did, nothing of it is left once the agent has looked round.
            foreach (var attempt in Node.Services.GetRequiredService<AttemptTable>().All)
            {
                Node.Services.GetRequiredService<TaskRunner>().Stop(attempt, StopReason.Unwanted, "the test is over");
            }

            var table = Node.Services.GetRequiredService<AttemptTable>();
            await Wait.Until(() => table.All.All(attempt => attempt.Record.Status.IsTerminal()), "all end");
            var (state, agent) = (Node.State, Node.Services.GetRequiredService<StateDirectory>().AgentId);
            await Node.Services.GetServices<IHostedService>().OfType<ContainerSweeper>().Single().Sweep(default);
            Assert.Empty(await Leftovers(ContainerNames.PrefixOf(agent)));
            await Node.DisposeAsync();
            Assert.DoesNotContain(state, await File.ReadAllTextAsync("/proc/mounts"), StringComparison.Ordinal);
        }

        foreach (var directory in _directories) Directory.Delete(directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_container_has_the_limits_that_its_job_names()
    {
        var attempt = Node.Launch(Shell("ulimit -n; ulimit -c") with
        {
            Rlimits = ImmutableSortedDictionary<string, long>.Empty.Add("nofile", 64).Add("core", 0),
        });
        await Node.Gateway.End(attempt);
        Assert.Equal("64\n0\n", Node.Output(attempt));
    }

    [Fact]
    public async Task A_container_runs_with_what_its_image_and_its_job_say_and_its_output_is_kept()
    {
        var attempt = Node.Launch(
            Shell("echo out $FROM_IMAGE $OWN ${INSTANCE} $(pwd) $(id -u); echo err >&2; echo 1 >$OSCHED_SANDBOX/mark; exit 7") with
            {
                Env = TaskEnv("OWN", "mine"),
            });

        var end = await Node.Gateway.End(attempt);

        Assert.Equal((Status.Failed, 7), (end.Status, end.ExitCode));
        Assert.Equal("out yes mine 0 /srv 0\n", Node.Output(attempt));
        Assert.Equal("err\n", Node.Output(attempt, "stderr"));
        Assert.Equal("1", Node.SandboxFile(attempt, "mark"));
    }

    [Fact]
    public async Task Without_a_command_the_images_is_run_and_an_entrypoint_of_the_job_comes_before_it()
    {
        var plain = Node.Launch(Spec() with { Command = [] });
        var own = Node.Launch(Spec() with
        {
            Command = ["b", "${INSTANCE}"],
            Container =
            new() { Entrypoint = ["/bin/echo", "a"], WorkingDirectory = "/tmp" }
        });

        Assert.Equal(Status.Finished, (await Node.Gateway.End(plain)).Status);
        Assert.Equal(Status.Finished, (await Node.Gateway.End(own)).Status);
        Assert.Equal("image\n", Node.Output(plain));
        Assert.Equal($"a b {own.Instance}\n", Node.Output(own));
    }

    [Fact]
    public async Task A_container_has_no_capabilities_and_regains_none_and_runs_as_the_account_that_is_named()
    {
        var attempt = Node.Launch(
            Shell(
                "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; id -u; echo x >$OSCHED_SANDBOX/own; "
                    + "mount -t tmpfs x /tmp; exit 0") with
            {
                User = "web",
            });

        Assert.Equal(Status.Finished, (await Node.Gateway.End(attempt)).Status);
        Assert.Equal(
            "CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\n1234\n".Split('\n').Order(StringComparer.Ordinal),
            Node.Output(attempt).Split('\n').Order(StringComparer.Ordinal));
        Assert.Contains("mount", Node.Output(attempt, "stderr"), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "own")));
    }

    [Fact]
    public async Task A_read_only_root_takes_no_writes_but_its_tmp_does_and_other_tasks_are_not_seen()
    {
        var other = Node.Launch(Shell("sleep 1000"));
        await Node.Gateway.Reaches(other, Status.Running);
        var attempt = Node.Launch(
            Shell("echo x >/srv/x && exit 3; echo x >/tmp/x || exit 4; [ $(ls -d /proc/[0-9]* | wc -l) -le 5 ] || exit 5; exit 0") with
            {
                Container = new() { ReadOnly = true },
            });

        Assert.Equal(0, (await Node.Gateway.End(attempt)).ExitCode);
    }

    [Fact]
    public async Task A_container_that_needs_more_memory_than_it_has_is_ended_and_that_is_said()
    {
        var attempt = Node.Launch(Shell("sleep 0.3; exec awk 'BEGIN{s=\"x\"; while(1) s=s s}'") with { Resources = new(500, 24, 0, 0) });

        var end = await Node.Gateway.End(attempt);

        Assert.Equal((Status.Failed, "Task used more memory than requested."), (end.Status, end.Message));
        Assert.Equal(9, end.Signal);
    }

    [Fact]
    public async Task A_container_that_is_killed_by_a_signal_of_somebody_is_not_said_to_have_run_out_of_memory()
    {
        var attempt = Node.Launch(Shell("sleep 0.3; kill -9 1; sleep 1000 & kill -9 $!; wait $!"));

        var end = await Node.Gateway.End(attempt);

        Assert.Equal((Status.Failed, 9, "Ended by signal 9."), (end.Status, end.Signal, end.Message));
    }

    [Fact]
    public async Task More_processes_than_the_node_allows_are_not_started()
    {
        var attempt = Node.Launch(Shell("i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo all"));

        var end = await Node.Gateway.End(attempt);

        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains("can't fork", Node.Output(attempt, "stderr"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_is_asked_to_end_and_has_its_time_for_it()
    {
        var attempt = Node.Launch(Shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.02; done") with
        {
            Kill = new() { Grace = TimeSpan.FromSeconds(20) },
        });
        await Node.Gateway.Reaches(attempt, Status.Running);
        await Wait.Until(() => Node.Output(attempt).Contains("up", StringComparison.Ordinal));

        Node.Gateway.Kill(attempt);

        var end = await Node.Gateway.End(attempt);
        Assert.Equal((Status.Killed, 3), (end.Status, end.ExitCode));
        Assert.Equal("up\nbye\n", Node.Output(attempt));
    }

    [Fact]
    public async Task A_container_that_does_not_end_when_it_is_asked_to_is_ended()
    {
        var attempt = Node.Launch(Shell("trap '' TERM; echo up; while :; do sleep 0.02; done"));
        await Wait.Until(() => Node.Output(attempt).Contains("up", StringComparison.Ordinal));

        Node.Gateway.Kill(attempt);

        var end = await Node.Gateway.End(attempt);
        Assert.Equal((Status.Killed, 9), (end.Status, end.Signal));
    }

    [Fact]
    public async Task The_command_that_asks_for_health_runs_in_the_container()
    {
        var attempt = Node.Launch(Shell(
            "echo 1 >$OSCHED_SANDBOX/started; while [ ! -e $OSCHED_SANDBOX/go ]; do sleep 0.02; done; echo 1 >/srv/well; sleep 1000") with
        {
            Health = new()
            {
                Probe = new HealthProbe.Command(["/bin/test", "-e", "/srv/well"]),
                Interval = TimeSpan.FromMilliseconds(50),
                Timeout = TimeSpan.FromSeconds(5),
                InitialDelay = TimeSpan.FromSeconds(30),
            },
        });
        await Node.Number(attempt, "started");
        Assert.Equal(Status.Starting, Node.Gateway.LatestOf(attempt)!.Status);

        await File.WriteAllTextAsync(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "go"), "");

        await Node.Gateway.Reaches(attempt, Status.Running);
    }

    [Fact]
    public async Task The_next_agent_goes_on_with_the_same_container_and_no_line_is_lost_or_repeated()
    {
        var attempt = Node.Launch(Shell(Counting + "exit 5"));
        await Node.Gateway.Reaches(attempt, Status.Running);
        await Wait.Until(() => Node.Output(attempt).Length > 100);

        await Node.StopAgent();
        await Node.StartAgent(All());
        await Node.Gateway.Connected(times: 2);
        await File.WriteAllTextAsync(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "go"), "");

        Assert.Equal((Status.Failed, 5), (await Node.Gateway.End(attempt)) switch { var end => (end.Status, end.ExitCode) });
        var count = await Node.Number(attempt, "count");
        Assert.Equal(string.Concat(Enumerable.Range(0, count).Select(i => $"line {i}\n")), Node.Output(attempt));
    }

    [Fact]
    public async Task A_container_that_ended_while_there_was_no_agent_is_reported_with_its_true_code_and_all_its_output()
    {
        var attempt = Node.Launch(Shell(
            "echo a; while [ ! -e $OSCHED_SANDBOX/go ]; do sleep 0.02; done; echo b; echo 1 >$OSCHED_SANDBOX/over; exit 11"));
        await Node.Gateway.Reaches(attempt, Status.Running);

        await Node.StopAgent();
        await File.WriteAllTextAsync(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "go"), "");
        await Node.Number(attempt, "over");
        await Node.StartAgent(All());

        Assert.Equal(11, (await Node.Gateway.End(attempt)).ExitCode);
        Assert.Equal("a\nb\n", Node.Output(attempt));
    }

    [Fact]
    public async Task What_an_agent_left_behind_that_no_attempt_needs_is_removed()
    {
        var driver = Node.Services.GetServices<ITaskDriver>().Single(driver => driver.Name == Driver);
        var spec = Shell("echo 1 >$OSCHED_SANDBOX/started; sleep 1000");
        var unknown = new Attempt(
            Node.DirectoryOf(Node.NextAttempt()), new() { Name = "unknown", Spec = "", BootId = "", At = default }, spec);
        var environment = new TaskEnvironment(unknown, spec, "node-1", "");
        unknown.Directory.Create();
        await driver.Prepare(unknown, environment, default);
        await driver.Start(unknown, environment, default);
        await Node.Number(unknown.Id, "started");
        var prefix = ContainerNames.PrefixOf(Node.Services.GetRequiredService<StateDirectory>().AgentId);
        Assert.NotEmpty(await Leftovers(prefix));

        await Node.Services.GetServices<IHostedService>().OfType<ContainerSweeper>().Single().Sweep(default);

        Assert.Empty(await Leftovers(prefix));
        Assert.Equal(0, await driver.Kill(unknown, default));
    }

    [Fact]
    public async Task A_volume_is_seen_where_the_node_allows_it_and_refused_elsewhere_also_behind_a_link()
    {
        await File.WriteAllTextAsync(Path.Combine(Allowed, "a"), "inside\n");
        File.CreateSymbolicLink(Path.Combine(Allowed, "way-out"), "/etc");
        var seen = Node.Launch(Shell("cat /data/a; echo x >/data/b && exit 3; exit 0") with { Container = Mounting(Allowed) });
        var outside = Node.Launch(Shell("true") with { Container = Mounting("/etc") });
        var linked = Node.Launch(Shell("true") with { Container = Mounting(Path.Combine(Allowed, "way-out")) });
        var absent = Node.Launch(Shell("true") with { Container = Mounting(Path.Combine(Allowed, "nothing")) });

        Assert.Equal(0, (await Node.Gateway.End(seen)).ExitCode);
        Assert.Equal("inside\n", Node.Output(seen));
        foreach (var refused in (AttemptId[])[outside, linked])
        {
            var end = await Node.Gateway.End(refused);
            Assert.Equal(Status.Failed, end.Status);
            Assert.Contains("Agent:Container:Mounts", end.Message, StringComparison.Ordinal);
        }

        Assert.Contains("is not on this node", (await Node.Gateway.End(absent)).Message, StringComparison.Ordinal);

        static ContainerSpec Mounting(string source) => new() { Volumes = [new(source, "/data", ReadOnly: true)] };
    }

    [Fact]
    public async Task Without_a_network_there_is_only_the_loopback_and_with_the_nodes_there_is_what_the_node_has()
    {
        var none = Node.Launch(Shell("ls /sys/class/net; wget -q -T 1 http://127.0.0.1:1 2>&1; exit 0") with
        {
            Container = new() { Network = ContainerNetwork.None },
        });
        var host = Node.Launch(Shell("ls /sys/class/net"));

        await Node.Gateway.End(none);
        await Node.Gateway.End(host);
        Assert.Equal("lo", Node.Output(none).Split('\n')[0]);
        Assert.DoesNotContain("eth", Node.Output(none), StringComparison.Ordinal);
        Assert.Equal(
            Directory.EnumerateFileSystemEntries("/sys/class/net").Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Node.Output(host).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_program_that_the_image_does_not_have_fails_the_task_with_its_name()
    {
        var attempt = Node.Launch(Spec() with { Command = ["/bin/nothing-like-this"] });

        var end = await Node.Gateway.End(attempt);

        Assert.Equal(Status.Failed, end.Status);
        Assert.True(end.Message.Contains("nothing-like-this", StringComparison.Ordinal), end.Message);
    }

    [Fact]
    public async Task What_a_container_uses_is_told()
    {
        var attempt = Node.Launch(Shell(
            "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo 1 >$OSCHED_SANDBOX/worked; sleep 1000"));
        await Node.Number(attempt, "worked");
        await Node.Gateway.Reaches(attempt, Status.Running);   // who runs it may be slower to know than the container is to work
        var driver = Node.Services.GetServices<ITaskDriver>().Single(driver => driver.Name == Driver);

        var usage = await driver.Stats(Node.Services.GetRequiredService<AttemptTable>().Find(attempt)!, default);

        Assert.True(usage is { Cpu.TotalMilliseconds: > 5, MemoryBytes: > 10_000, Processes: >= 1 }, $"{usage}");
    }

    private protected (string Key, string Value)[] All() =>
    [
        ("Agent:Container:Images", Path.GetDirectoryName(Archive)!),
        ("Agent:Container:Mounts", Allowed),
        ("Agent:Container:MaxProcesses", "30"),
        .. Settings,
    ];

    private protected TaskSpec Spec() => new()
    {
        Driver = Driver,
        Image = $"oci-archive:{Archive}",
        Command = ["/bin/true"],
        Resources = new(500, 64, 0, 0),
        Kill = new() { Grace = TimeSpan.FromMilliseconds(200) },
    };

    private protected TaskSpec Shell(string script) => Spec() with { Command = ["/bin/sh", "-c", script] };

    private protected static ImmutableSortedDictionary<string, string> TaskEnv(string name, string value) =>
        ImmutableSortedDictionary<string, string>.Empty.Add(name, value);

    private protected abstract Task<string[]> Leftovers(string prefix);

    private string NewDirectory()
    {
        _directories.Add(Directory.CreateTempSubdirectory("osched-volume-").FullName);
        return _directories[^1];
    }
}
