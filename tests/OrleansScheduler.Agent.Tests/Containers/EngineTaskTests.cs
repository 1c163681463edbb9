using System.Net;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Containers of an engine that speaks Docker's API.</summary>
[Collection(nameof(PodmanService))]
public sealed class EngineTaskTests(PodmanService podman) : ImageTaskTests
{
    private protected override string Driver => TaskDrivers.Container;

    private protected override string? Missing => PodmanService.Missing;

    private protected override string Archive => podman.Archive;

    private protected override string ManifestDigest => podman.ManifestDigest;

    private protected override (string Key, string Value)[] Settings => [("Agent:Container:Socket", podman.Socket)];

    [Fact]
    public async Task With_a_bridge_the_ports_of_the_task_lead_to_those_inside()
    {
        var (port, other) = (LoopbackPort.Free(), LoopbackPort.Free());
        var attempt = Node.Launch(
            Shell("echo well >/srv/index.html; echo $PORT_HTTP ${PORT_ADMIN}; exec httpd -f -p $PORT_HTTP -h /srv") with
            {
                Ports = ["http", "admin"],
                Container = new()
                {
                    Network = ContainerNetwork.Bridge,
                    Ports = ImmutableSortedDictionary<string,
                    int>.Empty.Add("http", 80)
                },
                Health = new() { Probe = new HealthProbe.Http("http", "/"), Interval = TimeSpan.FromMilliseconds(100) },
            },
            port, other);

        await Node.Gateway.Reaches(attempt, Status.Running);

        using var http = new HttpClient();
        Assert.Equal("well\n", await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/index.html")));
        await Wait.Until(() => Node.Output(attempt).Length > 0);
        Assert.Equal($"80 {other}\n", Node.Output(attempt));
        Assert.Equal(IPAddress.Loopback, Assert.Single(Listeners(port)));
    }

    [Fact]
    public async Task An_image_that_no_registry_gives_fails_the_task_and_says_so()
    {
        var attempt = Node.Launch(Spec() with { Image = "127.0.0.1:1/no/such:image" });

        var end = await Node.Gateway.End(attempt);

        Assert.Equal(Status.Failed, end.Status);
        Assert.StartsWith("The image 127.0.0.1:1/no/such:image cannot be had: ", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_pulled_from_its_registry_by_digest_once_and_another_digest_or_name_is_not_found()
    {
        Assert.SkipUnless(podman.CanBeEnded, "the engine is not the test's own");
        Assert.SkipUnless(File.Exists(Registry.Program), "docker-registry is not installed");
        var place = $"127.0.0.1:{podman.RegistryPort}";
        await Node.Gateway.End(Node.Launch(Spec()));
        using var archive = ImageArchive.Open(new ImageName("", Archive, null));
        var local = "localhost/osched:" + archive.Digest["sha256:".Length..];
        var digests = Path.Combine(Allowed, "digest");
        string image;
        await using (await Registry.Start(podman.RegistryPort))
        {
            await podman.Run("push", "--digestfile", digests, local, $"docker://{place}/shop/bb:1");
            await podman.Run("rmi", "--all", "--force");
            image = $"{place}/shop/bb@{await File.ReadAllTextAsync(digests)}";
            (string Image, string Says)[] refused =
            [
                ($"{place}/shop/bb@sha256:{new string('0', 64)}", "manifest unknown"),
                ($"{place}/shop/bb:2", "manifest unknown"),
                ($"{place}/no/such:1", "unknown"),
            ];
            foreach (var (name, says) in refused)
            {
                var end = await Node.Gateway.End(Node.Launch(Spec() with { Image = name }));
                Assert.Equal(Status.Failed, end.Status);
                Assert.StartsWith($"The image {name} cannot be had: ", end.Message, StringComparison.Ordinal);
                Assert.Contains(says, end.Message, StringComparison.Ordinal);
            }

            var pulled = Node.Launch(Shell("echo $FROM_IMAGE") with { Image = image });
            Assert.Equal(Status.Finished, (await Node.Gateway.End(pulled)).Status);
            Assert.Equal("yes\n", Node.Output(pulled));
        }

        Assert.Equal(Status.Finished, (await Node.Gateway.End(Node.Launch(Shell("true") with { Image = image }))).Status);
        var away = await Node.Gateway.End(Node.Launch(Spec() with { Image = $"{place}/shop/bb:1" }));
        Assert.Equal(Status.Failed, away.Status);
        Assert.Contains("connection refused", away.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_the_engine_has_is_not_pulled()
    {
        await Node.Gateway.End(Node.Launch(Spec()));
        using var archive = ImageArchive.Open(new ImageName("", Archive, null));

        var attempt = Node.Launch(Shell("echo 1") with { Image = "localhost/osched:" + archive.Digest["sha256:".Length..] });

        Assert.Equal(Status.Finished, (await Node.Gateway.End(attempt)).Status);
    }

    [Fact]
    public async Task An_engine_that_goes_and_comes_back_ends_no_container_and_loses_no_line_of_one()
    {
        Assert.SkipUnless(podman.CanBeEnded, "the engine is not the test's own");
        var attempt = Node.Launch(Shell(Counting + "exit 6"));
        await Node.Gateway.Reaches(attempt, Status.Running);
        await Wait.Until(() => Node.Output(attempt).Length > 100);

        await podman.End();
        try
        {
            await File.WriteAllTextAsync(Path.Combine(Node.DirectoryOf(attempt).Sandbox, "go"), "");
            await Node.Number(attempt, "count");
            Assert.Equal(Status.Running, Node.Gateway.LatestOf(attempt)!.Status);
        }
        finally
        {
            await podman.Start();
        }

        var end = await Node.Gateway.End(attempt);
        Assert.Equal((Status.Failed, 6), (end.Status, end.ExitCode));
        var count = await Node.Number(attempt, "count");
        Assert.Equal(string.Concat(Enumerable.Range(0, count).Select(i => $"line {i}\n")), Node.Output(attempt));
    }

    [Fact]
    public async Task A_container_can_be_ended_without_its_engine()
    {
        Assert.SkipUnless(podman.CanBeEnded, "the engine is not the test's own");
        var attempt = Node.Launch(Shell("echo 1 >$OSCHED_SANDBOX/started; sleep 1000"));
        await Node.Number(attempt, "started");
        await Node.Gateway.Reaches(attempt, Status.Running);
        var main = ContainerRecord.Read(Node.DirectoryOf(attempt)).Main!.Value;

        await podman.End();
        try
        {
            Node.Gateway.Kill(attempt);

            Assert.Equal(Status.Killed, (await Node.Gateway.End(attempt)).Status);
            Assert.False(main.StillRuns());
        }
        finally
        {
            await podman.Start();
        }
    }

    [Fact]
    public async Task Without_an_engine_a_container_fails_at_once_and_says_why()
    {
        await Node.StopAgent();
        await Node.StartAgent([.. All().Where(pair => pair.Key != "Agent:Container:Socket"),
            ("Agent:Container:Socket", "/nowhere/engine.sock")]);
        await Node.Gateway.Connected(times: 2);

        var end = await Node.Gateway.End(Node.Launch(Spec()));

        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains("cannot be reached", end.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TaskDrivers.Container, Node.Gateway.LastRegister!.Attributes[TaskDrivers.Attribute].Values);
        await Node.StopAgent();
        await Node.StartAgent(All());
    }

    [Fact]
    public async Task A_strict_container_ends_with_the_lease_when_neither_agent_nor_engine_are_there()
    {
        Assert.SkipUnless(podman.CanBeEnded, "the engine is not the test's own");
        var attempt = await StartStrict(6000);
        await Node.StopAgent();
        await podman.End();
        try
        {
            Assert.NotEmpty(Alive(attempt));
            await AllEnd(attempt);
        }
        finally
        {
            await podman.Start();
        }

        await Node.StartAgent(All());
        await Node.Gateway.Reaches(attempt, Status.Lost);
    }

    [Fact]
    public async Task A_strict_container_that_its_engine_starts_only_after_the_lease_cannot_start()
    {
        var image = await Node.Services.GetRequiredService<EngineImages>().Get(ImageName.Parse(Spec().Image!)!, default);
        await HasLease(6000);
        var (guard, engine) = (Node.Services.GetRequiredService<ContainerGuard>(), Node.Services.GetRequiredService<ContainerEngine>());
        var spec = Shell("echo 1 >$OSCHED_SANDBOX/ran; sleep 1000");
        var record = new AttemptRecord { Name = "late", Spec = "", BootId = "", At = default, Strict = true };
        var lease = Node.Services.GetRequiredService<NodeLease>();
        var attempt = new Attempt(Node.DirectoryOf(Node.NextAttempt()), record, spec) { StartBy = lease.Over };
        attempt.Directory.Create();
        lease.Guard(attempt);
        var permit = await guard.Permit(attempt, default);
        var name = ContainerNames.Of(Node.Services.GetRequiredService<StateDirectory>().AgentId, attempt.Id);
        var id = await engine.Create(
            ContainerRequest.Of(
                new()
                {
                    Name = name,
                    AgentId = Node.Services.GetRequiredService<StateDirectory>().AgentId,
                    Image = image,
                    Volumes = [],
                    Capabilities = [],
                    HostIp = "127.0.0.1",
                    MaxProcesses = 30,
                    Permit = permit,
                },
                attempt, new TaskEnvironment(attempt, spec, "node-1", "")), default);
        Assert.True(await guard.PutUp(attempt, id, permit!, default));
        Node.Gateway.IsMute = true;
        await Wait.Until(() => lease.HasExpired(attempt) && !File.Exists(permit), "the lease is over");

        await Assert.ThrowsAsync<EngineException>(() => engine.Start(name, default));

        Assert.Null(Node.SandboxFile(attempt.Id, "ran"));
        Assert.True(Node.IsAlive(Node.SupervisorOf(attempt.Id)));
        await engine.Remove(name, default);
        await guard.Dismiss(attempt, default);
        Assert.False(Node.IsAlive(Node.SupervisorOf(attempt.Id)));
        Node.Gateway.IsMute = false;
    }

    [Fact]
    public async Task An_engine_on_another_kernel_gets_no_strict_container_and_the_task_says_so()
    {
        var socket = Path.Combine(Allowed, "engine.sock");
        await using var other = await ElsewhereEngine.Start(socket);
        await Node.StopAgent();
        await Node.StartAgent([.. All().Where(pair => pair.Key != "Agent:Container:Socket"), ("Agent:Container:Socket", socket)]);
        await Node.Gateway.Connected(times: 2);
        await HasLease(20_000);
        var attempt = Node.NextAttempt();

        Node.Gateway.LaunchStrict(attempt, Shell("true") with { Image = "web:1" });

        var end = await Node.Gateway.End(attempt);
        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains("another kernel (5.0-elsewhere)", end.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("/containers/create", other.Asked);
        await Node.StopAgent();
        await Node.StartAgent(All());
    }

    [Fact]
    public void The_node_says_which_drivers_it_offers() =>
        Assert.Equal(
            ["process", "container", "oci"], Node.Gateway.LastRegister!.Attributes[TaskDrivers.Attribute].Values);

    private protected override async Task<string[]> Leftovers(string prefix)
    {
        var agent = Node.Services.GetRequiredService<StateDirectory>().AgentId;
        return [.. await Node.Services.GetRequiredService<ContainerEngine>().Labelled(ContainerNames.AgentLabel, agent, default)];
    }

    private static IEnumerable<IPAddress> Listeners(int port) =>
        System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Where(listener => listener.Port == port).Select(listener => listener.Address);
}
