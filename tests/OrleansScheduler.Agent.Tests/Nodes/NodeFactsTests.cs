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
    public void What_no_look_at_the_machine_could_tell_is_taken_from_the_settings()
    {
        var options = new AgentOptions
        {
            NodeId = "n",
            StateDirectory = _root,
            Reserved = { ["eng.web"] = "cpu=2,memory=4GiB", ["shop"] = "gpus=1" },
            Custom = { ["bandwidth"] = "1000", ["licenses"] = "0.5" },
            Sets = { ["fpga"] = "f0, f1" },
            Overcommit = 1.5,
        };
        Assert.True(new AgentOptionsValidator().Validate(null, options).Succeeded);

        var node = NodeFacts.Detect(options);

        Assert.Equal([new("eng/web", new(2000, 4096, 0, 0)), new("shop", new(0, 0, 0, 1000))], node.Reserved);
        Assert.Equal([new("bandwidth", 1_000_000), new("licenses", 500)], node.Custom.Scalars);
        Assert.Equal(["f0", "f1"], node.Custom.Sets["fpga"]);
        Assert.Equal(1.5, node.Overcommit);
    }

    [Theory]
    [InlineData("Reserved:shop ", "Reserved", "shop", "cpu=two")]
    [InlineData("Reserved:shop ", "Reserved", "shop", "cpu=-1")]
    [InlineData("Reserved:shop ", "Reserved", "shop", "")]
    [InlineData("Reserved:a b ", "Reserved", "a b", "cpu=1")]
    [InlineData("Reserved breaks", "Reserved", "shop", "cpu=0")]
    [InlineData("Reserved is more", "Reserved", "shop", "cpu=5")]
    [InlineData("Custom:bandwidth ", "Custom", "bandwidth", "much")]
    [InlineData("Custom and", "Custom", "bandwidth", "0")]
    [InlineData("Custom and", "Custom", "cpu", "1")]
    [InlineData("Custom and", "Custom", "a b", "1")]
    [InlineData("Custom and", "Sets", "fpga", "")]
    [InlineData("Custom and", "Sets", "fpga", "f0,,f1")]
    [InlineData("Custom and", "Sets", "fpga", "f0,f0")]
    [InlineData("Custom and", "Sets", "fpga", "f=0")]
    public void What_is_declared_must_make_sense(string expected, string section, string name, string value)
    {
        var options = new AgentOptions { NodeId = "n", Capacity = new() { Cpu = "4" } };
        (section switch { "Reserved" => options.Reserved, "Custom" => options.Custom, _ => options.Sets })[name] = value;

        Assert.StartsWith($"Agent:{expected}", Assert.Single(new AgentOptionsValidator().Validate(null, options).Failures!));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(101)]
    [InlineData(double.NaN)]
    public void Overcommit_is_a_multiple(double factor)
    {
        var result = new AgentOptionsValidator().Validate(null, new() { NodeId = "n", Overcommit = factor });
        Assert.StartsWith("Agent:Overcommit ", Assert.Single(result.Failures!));
    }

    [Fact]
    public void A_role_has_one_reservation_however_it_is_named()
    {
        var options = new AgentOptions { NodeId = "n", Reserved = { ["eng.web"] = "cpu=1", ["eng/web"] = "cpu=1" } };
        Assert.StartsWith("Agent:Reserved names", Assert.Single(new AgentOptionsValidator().Validate(null, options).Failures!));
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
