using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <summary>What the kernel of this machine keeps from tasks. As root, as agents run.</summary>
public sealed class IsolationTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() => _node = await Node.Start(("Agent:Isolation:Level", "auto"));

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task A_task_is_nobody_in_a_world_of_its_own()
    {
        var output = await Run(
            "id -un; id -G; echo $$; hostname; ls /proc | grep -c '^[0-9]'; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status");
        Assert.Equal(["nobody", "65534"], output[..2]);
        Assert.InRange(int.Parse(output[2], System.Globalization.CultureInfo.InvariantCulture), 2, 9);
        Assert.StartsWith("web-", output[3]);
        Assert.InRange(int.Parse(output[4], System.Globalization.CultureInfo.InvariantCulture), 2, 6);
        Assert.Equal(
            ["NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"],
            output[5..].Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public async Task A_task_writes_into_its_sandbox_and_its_own_tmp_and_nowhere_else()
    {
        var mark = $"osched-{Guid.NewGuid():n}";
        var (attempt, output) = await RunAttempt(
            $"for d in . \"$HOME\" \"$TMPDIR\" /tmp /dev/shm; do echo x >$d/{mark} && echo yes; done; "
            + $"for d in / /etc /usr /var/tmp /root /sys/fs/cgroup /proc/sys/kernel {_node.State}; "
            + $"do echo x 2>/dev/null >$d/{mark} && echo no $d; done; "
            + "(echo 1 >/proc/sys/kernel/core_uses_pid) 2>/dev/null && echo no sysctl; true");
        Assert.Equal(["yes", "yes", "yes", "yes", "yes"], output);
        Assert.True(File.Exists(Path.Combine(_node.DirectoryOf(attempt).Sandbox, mark)));
        Assert.False(File.Exists(Path.Combine("/tmp", mark)));
        Assert.False(File.Exists(Path.Combine("/dev/shm", mark)));
    }

    [Fact]
    public async Task A_task_neither_sees_nor_signals_nor_reads_another_s()
    {
        var other = _node.Launch(Node.Shell("echo secret >secret; echo 1 >ready; exec sleep 1000"));
        await _node.Number(other, "ready");
        var pid = ProcessScan.Now().TreeOf(_node.DirectoryOf(other).Sandbox).First().Pid;
        var output = await Run(
            $"ls {Path.Combine(_node.State, "attempts")} | wc -l; "
            + $"cat {_node.DirectoryOf(other).Sandbox}/secret; kill -9 {pid}; pgrep sleep; true");
        Assert.Equal("1", output[0]);
        Assert.True(Node.IsAlive(pid));
    }

    [Fact]
    public async Task Privileges_do_not_come_back()
    {
        var output = await Run(
            "su -c id root </dev/null; mount -t tmpfs none /mnt; unshare -r id -u; unshare -m true; setpriv --reuid 0 id -u; "
            + "python3 -c 'import ctypes; l=ctypes.CDLL(None); print(l.unshare(0x10000000), l.ptrace(0,0,0,0), l.setns(0,0))'; true");
        Assert.Equal(["-1 -1 -1"], output);
    }

    [Fact]
    public async Task A_task_that_needs_more_memory_than_it_asked_for_is_ended_alone_and_said_to_have()
    {
        var other = _node.Launch(Node.Shell("echo $$ >main; exec sleep 1000"));
        await _node.Gateway.Reaches(other, Status.Running);
        var greedy = _node.Launch(Node.Shell("exec python3 -c 'b=[]\nwhile True: b.append(bytearray(4<<20))'") with
        {
            Resources = new(500, 48, 0, 0),
        });
        var end = await _node.Gateway.End(greedy);
        Assert.Equal((Status.Failed, "Task used more memory than requested.", 9), (end.Status, end.Message, end.Signal));
        Assert.Equal(Status.Running, _node.Gateway.LatestOf(other)!.Status);
    }

    [Fact]
    public async Task Processes_multiply_up_to_their_limit_and_no_further()
    {
        await using var node = await Node.Start(("Agent:Isolation:Level", "auto"), ("Agent:Isolation:MaxProcesses", "40"));
        var attempt = node.Launch(Node.Shell("i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); done; wait"));
        await node.Gateway.End(attempt);
        Assert.Contains("fork", node.Output(attempt, "stderr"), StringComparison.OrdinalIgnoreCase);
        Assert.Empty(ProcessScan.Now().TreeOf(node.DirectoryOf(attempt).Sandbox));
    }

    [Fact]
    public async Task A_process_has_the_limits_that_the_job_names()
    {
        var show = Node.Shell("ulimit -Sn; ulimit -Hn; ulimit -f; ulimit -Hc");
        var plain = _node.Launch(show with { Rlimits = Limits("nofile", 64) });
        var dumping = _node.Launch(show with { Rlimits = Limits("nofile", 64).Add("core", 512) });
        await _node.Gateway.End(plain);
        await _node.Gateway.End(dumping);
        Assert.Equal("64\n64\nunlimited\n0\n", _node.Output(plain));
        Assert.Equal("64\n64\nunlimited\n1\n", _node.Output(dumping));
    }

    [Fact]
    public async Task A_limit_that_the_kernel_does_not_give_keeps_a_task_from_starting_and_is_named()
    {
        // More than any process may have open on Linux (fs.nr_open).
        var end = await _node.Gateway.End(_node.Launch(Node.Shell("true") with { Rlimits = Limits("nofile", Rlimit.Unlimited) }));
        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains("cannot set the limit nofile to unlimited", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_of_a_task_outlives_its_supervisor_and_no_group_stays_behind()
    {
        var attempt = _node.Launch(Node.Shell("setsid sleep 1000 & setsid setsid sleep 1000 & echo 1 >ready; exec sleep 1000"));
        await _node.Number(attempt, "ready");
        await Wait.Until(() => ProcessScan.Now().TreeOf(_node.DirectoryOf(attempt).Sandbox).Count() == 3);
        Posix.Kill(_node.SupervisorOf(attempt), Posix.SigKill);
        Assert.Equal(Status.Lost, (await _node.Gateway.End(attempt)).Status);
        Assert.Empty(ProcessScan.Now().TreeOf(_node.DirectoryOf(attempt).Sandbox));
        Assert.Empty(_node.Services.GetRequiredService<CgroupTree>().Names());
    }

    [Fact]
    public async Task A_start_that_fails_half_way_leaves_no_group_behind()
    {
        // As if another agent had given it up before.
        var attempt = _node.NextAttempt();
        _node.DirectoryOf(attempt).Create();
        Assert.True(SupervisorStart.Claim(_node.DirectoryOf(attempt).Root));
        _node.Gateway.Launch(attempt, Node.Shell("true"));
        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains("given up", end.Message, StringComparison.Ordinal);
        Assert.Empty(_node.Services.GetRequiredService<CgroupTree>().Names());
    }

    [Theory]
    [InlineData("root", "may not run as 'root'")]
    [InlineData("daemon", "may not run as 'daemon'")]
    [InlineData("nobody-knows", "no account 'nobody-knows'")]
    public async Task An_account_that_is_not_allowed_is_refused(string user, string message)
    {
        var end = await _node.Gateway.End(_node.Launch(Node.Shell("true") with { User = user }));
        Assert.Equal(Status.Failed, end.Status);
        Assert.Contains(message, end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_is_allowed_is_taken_with_its_groups()
    {
        await using var node = await Node.Start(("Agent:Isolation:Level", "auto"), ("Agent:Isolation:Users", "daemon,games"));
        var attempt = node.Launch(Node.Shell("id -un; touch mine") with { User = "games" });
        await node.Gateway.End(attempt);
        Assert.Equal("games\n", node.Output(attempt));
    }

    [Fact]
    public async Task What_the_machine_offers_is_said_as_attributes()
    {
        await Wait.Until(() => _node.Gateway.LastRegister is not null, "the node is registered");
        var attributes = _node.Gateway.LastRegister!.Attributes;
        Assert.Contains(attributes["cgroups"].Values.Single(), (string[])["v1", "v2"]);
        Assert.Equal(["ipc", "mount", "pid", "seccomp", "user"], attributes["isolation"].Values);
    }

    [Fact]
    public async Task A_task_changes_no_attributes_by_which_its_disk_is_counted()
    {
        var output = await Run(
            "python3 -c \"import fcntl; f = open('f', 'w')\nfor call in (0x40086602, 0x401C5820):\n"
            + "  try: fcntl.ioctl(f, call, bytearray(28)); print('done')\n  except OSError as e: print(e.errno)\"");
        Assert.Equal(["25", "25"], output);
    }

    private static ImmutableSortedDictionary<string, long> Limits(string name, long amount) =>
        ImmutableSortedDictionary<string, long>.Empty.Add(name, amount);

    private async Task<string[]> Run(string script) => (await RunAttempt(script)).Output;

    private async Task<(AttemptId Attempt, string[] Output)> RunAttempt(string script)
    {
        var attempt = _node.Launch(Node.Shell(script));
        await _node.Gateway.End(attempt);
        return (attempt, _node.Output(attempt).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
