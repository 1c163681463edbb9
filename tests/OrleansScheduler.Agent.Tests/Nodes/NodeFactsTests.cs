namespace OrleansScheduler.Agent.Tests;

public sealed class NodeFactsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("osched-facts-").FullName;

    public NodeFactsTests() => Write("proc/meminfo", "MemFree: 5 kB\nMemTotal:       8388608 kB\n");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Without_cgroups_a_node_has_what_the_machine_has() =>
        Assert.Equal(new(4000, 8192), MachineLimits.Detect(_root, processors: 4));

    [Fact]
    public void Version_2_limits_of_any_ancestor_hold()
    {
        Write("proc/self/cgroup", "0::/a/b\n");
        Write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
        Write("sys/fs/cgroup/a/memory.max", "max\n");
        Write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
        Write("sys/fs/cgroup/a/b/memory.max", "1073741824\n");

        Assert.Equal(new(1500, 1024), MachineLimits.Detect(_root, processors: 4));
    }

    [Fact]
    public void Version_1_limits_hold_and_those_that_are_none_do_not()
    {
        Write("proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/c\n2:pids:/p\n");
        Write("sys/fs/cgroup/memory/m/memory.limit_in_bytes", "9223372036854771712\n");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
        Write("sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "50000\n");
        Write("sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
        Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
        Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");

        Assert.Equal(new(500, 2048), MachineLimits.Detect(_root, processors: 4));
    }

    [Fact]
    public void This_machine_has_something_to_give()
    {
        var node = NodeFacts.Detect(new() { StateDirectory = _root, NodeId = "n" });

        Assert.InRange(node.Capacity.CpuMillis, 1, Environment.ProcessorCount * 1000L);
        Assert.True(node.Capacity.MemoryMiB > 0);
        Assert.Equal(0, node.Capacity.GpuMillis);
    }

    [Fact]
    public void Settings_that_cannot_work_are_refused_each_by_its_key()
    {
        var options = new AgentOptions
        {
            NodeId = "no/slash",
            GatewayUrl = "gateway",
            Ports = "32000-31000",
            ConcurrentStarts = 0,
            Capacity = new() { Cpu = "many", Memory = "2", Disk = "-1GiB", Gpus = "0.0001" },
            Attributes = { ["rack"] = "a,,b" },
        };

        var failures = new AgentOptionsValidator().Validate(null, options).Failures!.ToList();

        foreach (var key in (string[])["NodeId", "GatewayUrl", "Ports", "ConcurrentStarts", "Capacity:Cpu", "Capacity:Memory",
            "Capacity:Disk", "Capacity:Gpus", "Attributes:rack"])
            Assert.Contains(failures, failure => failure.StartsWith($"Agent:{key} ", StringComparison.Ordinal));
        Assert.Equal(9, failures.Count);
    }

    [Fact]
    public void The_settings_of_a_node_without_any_work() =>
        Assert.True(new AgentOptionsValidator().Validate(null, new() { NodeId = "node-1" }).Succeeded);

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
