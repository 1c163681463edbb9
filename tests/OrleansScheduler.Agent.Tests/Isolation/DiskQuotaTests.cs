using System.Diagnostics;
using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Sandboxes on a file system of the test's own that keeps quotas by project. Needs a kernel that has them.</summary>
public sealed class DiskQuotaTests : IAsyncLifetime
{
    private readonly string _image = Path.GetTempFileName();
    private readonly string _mount = Directory.CreateTempSubdirectory("osched-quota-").FullName;
    private Node _node = null!;
    private bool _isMounted;

    public async ValueTask InitializeAsync()
    {
        _isMounted = Environment.UserName == "root" && Shell(
            $"truncate -s 64M {_image} && mke2fs -q -F -t ext4 -O quota,project -E quotatype=prjquota {_image} "
            + $"&& mount -o loop,prjquota {_image} {_mount} && chmod 755 {_mount}");
        if (!_isMounted) Delete();   // nobody disposes of what was skipped
        Assert.SkipUnless(_isMounted, "only root mounts, and this kernel may keep no quotas (CONFIG_QFMT_V2)");
        _node = new() { Gateway = await FakeGateway.Start(), State = Path.Combine(_mount, "agent") };
        await _node.StartAgent(("Agent:Isolation:Level", "auto"));
        await _node.Gateway.Connected();
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        if (_isMounted) Assert.True(Shell($"umount {_mount}"));
        Delete();
    }

    [Fact]
    public async Task A_write_beyond_what_a_task_asked_for_fails_and_the_task_and_others_go_on()
    {
        await Wait.Until(() => _node.Gateway.LastRegister is not null, "the node is registered");
        Assert.Contains("disk-quota", _node.Gateway.LastRegister!.Attributes["isolation"].Values);
        var other = _node.Launch(Asking(1, "while [ ! -e go ]; do sleep 0.1; done; head -c 524288 /dev/zero >f && echo whole"));
        var greedy = _node.Launch(Asking(4, "mkdir d; head -c 8388608 /dev/zero >d/f || echo refused; stat -c %s d/f"));
        var end = await _node.Gateway.End(greedy);

        var output = _node.Output(greedy).Split('\n');
        Assert.Equal((Status.Finished, "refused"), (end.Status, output[0]));
        Assert.InRange(int.Parse(output[1], System.Globalization.CultureInfo.InvariantCulture), 3 << 20, 4 << 20);
        Assert.InRange(Quota.Used(_node.DirectoryOf(greedy))!.Value, 3 << 20, 4 << 20);

        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(other).Sandbox, "go"), "", TestContext.Current.CancellationToken);
        await _node.Gateway.End(other);
        Assert.Equal("whole\n", _node.Output(other));
    }

    [Fact]
    public async Task Limits_go_with_what_they_limit_and_hold_under_the_next_agent()
    {
        var attempt = _node.Launch(Asking(4, "while [ ! -e go ]; do sleep 0.1; done; head -c 8388608 /dev/zero >f; stat -c %s f"));
        await _node.Gateway.Reaches(attempt, Status.Running);
        await _node.StopAgent();
        await _node.StartAgent(("Agent:Isolation:Level", "auto"));
        await _node.Gateway.Connected(2);
        await File.WriteAllTextAsync(Path.Combine(_node.DirectoryOf(attempt).Sandbox, "go"), "", TestContext.Current.CancellationToken);
        await _node.Gateway.End(attempt);
        var directory = _node.DirectoryOf(attempt);
        Assert.InRange(Quota.Used(directory)!.Value, 3 << 20, 4 << 20);
        Quota.Delete(directory);
        Assert.False(Directory.Exists(directory.Root));
    }

    private DiskQuota Quota => _node.Services.GetRequiredService<DiskQuota>();

    private static TaskSpec Asking(long mebibytes, string script) =>
        Node.Shell(script) with { Resources = new(100, 64, mebibytes, 0) };

    private void Delete()
    {
        Directory.Delete(_mount);
        File.Delete(_image);
    }

    private static bool Shell(string script)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
