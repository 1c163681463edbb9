using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using TaskUse = OrleansScheduler.Contracts.Protocol.TaskUse;

namespace OrleansScheduler.Agent.Tests;

public sealed class UsageTests : IAsyncLifetime
{
    private Node _node = null!;

    public async ValueTask InitializeAsync() =>
        _node = await Node.Start(("Agent:UsageEvery", "00:00:01"), ("Agent:Isolation:Level", "auto"));

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task An_agent_says_what_its_tasks_and_its_node_use()
    {
        Assert.SkipUnless(_node.Services.GetRequiredService<CgroupTree>().IsAvailable, "without control groups nobody counts");
        var attempt = _node.Launch(
            Node.Shell("head -c 3000000 /dev/zero >file; while :; do :; done") with { Resources = new(500, 64, 100, 0) });
        TaskUse? use = null;
        await Wait.Until(
            () => (use = UseOf(attempt)) is { HasCpuMillis: true, CpuMillis: > 200, DiskBytes: >= 3_000_000, MemoryBytes: > 0 },
            $"{use}");
        Assert.InRange(use!.CpuMillis, 200, 650);
        Assert.InRange(use.DiskBytes, 3_000_000, 3_200_000);
        Assert.True(use.CpuTimeMicros > 0);
        var node = _node.Gateway.LastUsage!;
        Assert.InRange(node.CpuMillis, 100, Environment.ProcessorCount * 1000L);
        Assert.True(node is { MemoryMib: > 0, DiskFreeMib: > 0 });
        Assert.Equal(_node.Gateway.Generation, node.Generation);

        // Once it has settled it is known what it does not use of what it asked for.
        await Wait.Until(() => _node.Gateway.LastUsage!.Unused.MemoryMib is > 30 and < 64);
        Assert.InRange(_node.Gateway.LastUsage!.Unused.CpuMillis, 0, 300);
        _node.Gateway.Kill(attempt);
        await _node.Gateway.End(attempt);
        await Wait.Until(() => UseOf(attempt) is null);
    }

    [Fact]
    public async Task A_task_that_takes_more_disk_than_it_asked_for_fails_and_says_so()
    {
        var attempt = _node.Launch(
            Node.Shell("head -c 3145728 /dev/zero >file; exec sleep 1000") with { Resources = new(100, 64, 2, 0) });
        var end = await _node.Gateway.End(attempt);
        Assert.Equal(Status.Failed, end.Status);
        Assert.Matches(@"^Disk limit exceeded\. Reserved 2MiB vs used [34]MiB\.$", end.Message);
    }

    [Fact]
    public async Task A_task_that_asks_for_no_disk_has_no_limit_and_links_lead_nowhere()
    {
        var free = _node.Launch(Node.Shell("head -c 3145728 /dev/zero >file; exec sleep 1000") with { Resources = new(100, 64, 0, 0) });
        var links = Node.Shell("ln -s /usr/lib/os-release file; ln -s /bin bin; exec sleep 1000");
        var linked = _node.Launch(links with { Resources = new(100, 64, 1, 0) });
        await Wait.Until(() => UseOf(free)?.DiskBytes > 3_000_000 && UseOf(linked) is { HasDiskBytes: true });
        Assert.Equal(Status.Running, _node.Gateway.LatestOf(free)!.Status);
        Assert.Equal(Status.Running, _node.Gateway.LatestOf(linked)!.Status);
        Assert.True(UseOf(linked)!.DiskBytes < 1024 * 1024);
    }

    [Fact]
    public async Task A_gateway_that_does_not_read_usage_is_sent_none()
    {
        await _node.StopAgent();
        _node.Gateway.Reads = [];
        var before = _node.Gateway.LastUsage;
        await _node.StartAgent(("Agent:UsageEvery", "00:00:01"));
        await _node.Gateway.Connected(2);
        await Wait.Until(() => _node.Services.GetRequiredService<UsageMeter>().Latest is { HasCpuMillis: true });
        Assert.Same(before, _node.Gateway.LastUsage);
        Assert.Equal(2, _node.Gateway.Registrations);
    }

    [Fact]
    public void What_a_directory_takes_are_blocks_each_counted_once()
    {
        var directory = Directory.CreateTempSubdirectory("osched-size-").FullName;
        try
        {
            var empty = SandboxSize.Of(directory);
            var script =
                $"cd {directory}; head -c 1048576 /dev/zero >a; ln a b; ln -s / up; mkdir d; mkfifo f; "
                + "head -c 1048576 /dev/zero >d/c; truncate -s 1G hole";
            using (var process = Process.Start("/bin/sh", ["-c", script]))
                process.WaitForExit();
            Assert.InRange(SandboxSize.Of(directory) - empty, 2 * 1024 * 1024, (2 * 1024 * 1024) + 65_536);
            Assert.Equal(0, SandboxSize.Of(Path.Combine(directory, "nowhere")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_machine_is_as_busy_as_its_kernel_counts()
    {
        var root = Directory.CreateTempSubdirectory("osched-machine-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "proc"));
            File.WriteAllText(Path.Combine(root, "proc/meminfo"), "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 6291456 kB\n");
            File.WriteAllText(Path.Combine(root, "proc/stat"), "cpu  100 10 50 800 40 0 0 0 99 99\ncpu0 1 1 1 1\n");
            var before = MachineUse.Read(root);
            Assert.Equal(new(160, 1000, 2048), before);
            File.WriteAllText(Path.Combine(root, "proc/stat"), "cpu  150 10 50 850 40 0 0 0 99 99\n");
            Assert.Equal(2000, MachineUse.Read(root).CpuMillisSince(before, processors: 4));
            Assert.Null(before.CpuMillisSince(before, processors: 4));
            Assert.Equal(default, MachineUse.Read(Path.Combine(root, "nowhere")));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void What_was_not_used_lately_is_what_is_below_the_last_peaks()
    {
        var time = new FakeTimeProvider();
        var history = new UseHistory();
        var request = new Core.Resources(1000, 100, 0, 0);
        var cpu = TimeSpan.Zero;
        Assert.Null(Add(0, 10));
        Assert.Equal(800, Add(800, 60));
        for (var i = 0; i < 4; i++) Add(100, 10);
        var early = history.Unused(request);
        Assert.InRange(early.CpuMillis, 200, 400);
        for (var i = 0; i < 200; i++) Add(100, 10);
        Assert.Equal((900, 90), (history.Unused(request).CpuMillis, history.Unused(request).MemoryMiB));
        Assert.Equal(Core.Resources.None, history.Unused(new(50, 5, 0, 0)));

        long? Add(double millis, long memory)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            cpu += TimeSpan.FromSeconds(10) * (millis / 1000);
            return history.Add(new(cpu, memory * 1024 * 1024, 0, 1, 0, 0), time);
        }
    }

    private TaskUse? UseOf(AttemptId attempt) => _node.Gateway.LastUsage?.Tasks
        .FirstOrDefault(use => use.Attempt.Job == attempt.Job.ToString() && use.Attempt.Instance == attempt.Instance);
}
