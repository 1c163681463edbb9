using System.Diagnostics;

namespace OrleansScheduler.Agent.Tests;

public sealed class TaskRunTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start(("Agent:SelfCommand", "dotnet /opt/osched.dll"));

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Theory]
    [InlineData("exit 0", Status.Finished, 0, null)]
    [InlineData("exit 7", Status.Failed, 7, null)]
    [InlineData("kill -KILL $$", Status.Failed, null, 9)]
    [InlineData("kill -SEGV $$", Status.Failed, null, 11)]
    public async Task The_end_of_a_task_is_reported_as_it_was(string script, Status status, int? exitCode, int? signal)
    {
        var end = await _node.Gateway.End(_node.Launch(Node.Shell(script)));

        Assert.Equal(status, end.Status);
        Assert.Equal(exitCode, end.HasExitCode ? end.ExitCode : null);
        Assert.Equal(signal, end.HasSignal ? end.Signal : null);
        Assert.Equal(3, end.Sequence);
    }

    [Fact]
    public async Task A_port_that_a_stranger_has_taken_is_named()
    {
        using var stranger = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        stranger.Start();
        var port = ((System.Net.IPEndPoint)stranger.LocalEndpoint).Port;
        var attempt = _node.Launch(Node.Shell("exit 0") with { Ports = ["http"] }, port);
        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Failed, end.Status);
        Assert.Equal($"Port {port}, which is its own, is taken by another program on this node.", end.Message);
    }

    [Fact]
    public async Task The_record_of_an_end_says_what_the_task_used()
    {
        _node.Gateway.Acknowledges = false;
        var attempt = _node.Launch(Node.Shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
        await _node.Gateway.End(attempt);
        var record = ExitRecord.Read(_node.DirectoryOf(attempt).Exit)!;
        Assert.InRange(record.CpuMillis, 10, 10_000);
        Assert.InRange(record.PeakBytes, 100_000, 50_000_000);
    }

    [Fact]
    public async Task A_task_without_a_health_check_is_running_at_once()
    {
        var attempt = _node.Launch(Node.Shell("exec sleep 1000"));

        await _node.Gateway.Reaches(attempt, Status.Running);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_fails_and_is_named()
    {
        var end = await _node.Gateway.End(_node.Launch(new() { Command = ["/no/such/program"] }));

        Assert.Equal(Status.Failed, end.Status);
        Assert.Equal(127, end.ExitCode);
        Assert.Contains("/no/such/program", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_driver_that_the_node_lacks_fails_the_task()
    {
        var end = await _node.Gateway.End(_node.Launch(new() { Driver = "container", Command = ["true"] }));

        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains("container", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spec_that_cannot_be_read_fails_the_task()
    {
        var attempt = _node.NextAttempt();
        var message = Commands.Launch(attempt.Job, 1, _node.Gateway.Generation, Node.Shell("true"), [(attempt, [])]);
        message.Commands.Launches[0].Specs[1] = "{";
        _node.Gateway.Send(message);

        Assert.Equal(Status.Failed, (await _node.Gateway.End(attempt)).Status);
    }

    [Fact]
    public async Task A_task_learns_about_itself_from_its_environment_and_its_arguments()
    {
        var spec = new TaskSpec
        {
            Command = ["/bin/sh", "-c", "echo \"$0\"; pwd; exec env", "${JOB} ${INSTANCE} ${PORT_HTTP_ADMIN} ${HOME_GROWN}"],
            Ports = ["http-admin"],
            Env = ImmutableSortedDictionary<string, string>.Empty
                .Add("GREETING", "hello ${ROLE} from ${NODE}").Add("OSCHED_ATTEMPT", "somebody else"),
        };
        var attempt = _node.Launch(spec, 31007);
        await _node.Gateway.End(attempt);

        var output = _node.Output(attempt).Split('\n');
        Assert.Equal($"shop/test/web {attempt.Instance} 31007 ${{HOME_GROWN}}", output[0]);
        Assert.Equal(_node.DirectoryOf(attempt).Sandbox, output[1]);
        foreach (var expected in (string[])[
            "OSCHED_JOB=shop/test/web", "OSCHED_ROLE=shop", "OSCHED_ENV=test", "OSCHED_NAME=web", $"OSCHED_INSTANCE={attempt.Instance}",
                $"OSCHED_ATTEMPT={attempt}",
            "OSCHED_NODE=node-1", $"OSCHED_SANDBOX={output[1]}", "OSCHED_BIN=dotnet /opt/osched.dll", "PORT_HTTP_ADMIN=31007",
                "GREETING=hello shop from node-1", $"HOME={output[1]}"])
            Assert.Contains(expected, output);
        Assert.DoesNotContain(output, line => line.StartsWith("DOTNET_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_task_finds_the_devices_and_items_that_it_was_given()
    {
        var attempt = _node.NextAttempt();
        var message = Commands.Launch(attempt.Job, 1, _node.Gateway.Generation, Node.Shell("exec env"), [(attempt, [])]);
        message.Commands.Launches[0].Attempts[0].Devices.Add([1, 2]);
        message.Commands.Launches[0].Attempts[0].Items.Add("fpga=f1");
        _node.Gateway.Send(message);
        await _node.Gateway.End(attempt);

        var output = _node.Output(attempt).Split('\n');
        foreach (var expected in (string[])["OSCHED_GPUS=1,2", "CUDA_VISIBLE_DEVICES=1,2", "OSCHED_ITEMS=fpga=f1"])
            Assert.Contains(expected, output);
    }

    [Fact]
    public async Task What_a_finished_task_leaves_running_is_ended_with_it()
    {
        var attempt = _node.Launch(Node.Shell(
            "setsid sh -c 'trap : TERM; echo $$ >daemon; while :; do sleep 1000; done' & "
            + "env -i sleep 1000 & echo $! >bare; while [ ! -s daemon ]; do :; done"));

        var end = await _node.Gateway.End(attempt);

        Assert.Equal(Status.Finished, end.Status);
        Assert.False(Node.IsAlive(await _node.Number(attempt, "daemon")));
        Assert.False(Node.IsAlive(await _node.Number(attempt, "bare")));
    }

    [Fact]
    public async Task Two_hundred_short_tasks_finish_and_leave_no_process_behind()
    {
        var attempts = Enumerable.Range(0, 200).Select(_ => _node.NextAttempt()).ToList();
        var before = _node.Services.GetRequiredService<NodeJournal>().Syncs;
        var began = Stopwatch.GetTimestamp();
        _node.Gateway.Send(Commands.Launch(attempts[0].Job, 1, _node.Gateway.Generation, new() { Command = ["true"] },
            attempts.Select(id => (id, Array.Empty<int>()))));

        foreach (var attempt in attempts)
        {
            var end = await _node.Gateway.End(attempt);
            Assert.True(end.Status == Status.Finished, $"{attempt}: {end}");
        }

        var took = Stopwatch.GetElapsedTime(began);
        TestContext.Current.TestOutputHelper?.WriteLine($"200 tasks in {took}");
        Assert.Equal(1, _node.Services.GetRequiredService<NodeJournal>().Syncs - before);
        await Wait.Until(() => Zombies() == 0);
        var scan = ProcessScan.Now();
        Assert.All(attempts, attempt => Assert.Empty(scan.TreeOf(_node.DirectoryOf(attempt).Sandbox)));
    }

    private static int Zombies() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Select(name => int.TryParse(name, out var pid) ? pid : 0)
        .Count(pid => pid > 0 && ProcessStat.Of(pid) is { State: 'Z' } && File.ReadAllText($"/proc/{pid}/stat").Split(' ') is var stat
            && stat[3] == $"{Environment.ProcessId}");
}
