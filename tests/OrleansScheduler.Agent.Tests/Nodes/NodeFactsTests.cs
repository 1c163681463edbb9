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
    public void What_the_system_keeps_is_taken_off_what_was_found_and_not_off_what_was_said()
    {
        var found = new Core.Resources(4000, 8192, 50_000, 2000);
        var options = new AgentOptions { System = "cpu=0.5,memory=1GiB,disk=100GiB" };
        Assert.Equal(new(3500, 7168, 0, 2000), NodeFacts.Capacity(options, found));
        options.Capacity = new() { Cpu = "4", Gpus = "8" };
        Assert.Equal(new(4000, 7168, 0, 8000), NodeFacts.Capacity(options, found));
        Assert.Equal(found, NodeFacts.Capacity(new(), found));
    }

    [Fact]
    public void A_machine_says_what_a_job_may_choose_it_by()
    {
        Write("proc/sys/kernel/osrelease", "6.18.1-cloud\n");
        Write("etc/os-release", "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\nbroken\n");
        Write(
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Some CPU @ 2.1GHz\nflags\t\t: fpu aes avx2 avx512f other\n\nprocessor\t: 1\nflags\t: none\n");
        var attributes = MachineAttributes.Detect(_root).ToDictionary(pair => pair.Key, pair => string.Join(',', pair.Value));
        Assert.Equal(
            ("linux", "6.18.1-cloud", "debian", "12", "Some CPU @ 2.1GHz", "aes,avx2,avx512f"),
            (attributes["os"], attributes["kernel"], attributes["distro"], attributes["distro-version"], attributes["cpu-model"],
                attributes["cpu-features"]));
        Assert.Equal(["os", "arch"], MachineAttributes.Detect(Path.Combine(_root, "nowhere")).Select(pair => pair.Key));
    }

    [Fact]
    public void Gpus_are_counted_by_their_devices_and_named_by_their_tool()
    {
        Assert.Equal(0, GpuDetection.Detect(_root, "/bin/false").Count);
        foreach (var device in (string[])["nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"]) Write($"dev/{device}", "");
        var unnamed = GpuDetection.Detect(_root, "/no/such/tool");
        Assert.Equal((2, 0), (unnamed.Count, unnamed.Models.Length));
        Assert.Equal(2, GpuDetection.Detect(_root, "/bin/false").Count);

        var tool = Path.Combine(_root, "tool");
        File.WriteAllText(
            tool, "#!/bin/sh\n[ \"$*\" = '--query-gpu=name --format=csv,noheader' ] && printf 'NVIDIA A100\\nNVIDIA A100\\n'\n");
        using (var chmod = System.Diagnostics.Process.Start("chmod", ["700", tool])) chmod.WaitForExit();
        var named = GpuDetection.Detect(_root, tool);
        Assert.Equal((2, "NVIDIA A100"), (named.Count, Assert.Single(named.Models)));
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
            System = "cpu=much",
            Dns = new() { Listen = "somewhere", Ttl = TimeSpan.FromDays(1) },
            UsageEvery = TimeSpan.Zero,
            MinFreeDisk = 101,
        };

        var failures = new AgentOptionsValidator().Validate(null, options).Failures!.ToList();

        foreach (var key in (string[])["NodeId", "GatewayUrl", "Ports", "ConcurrentStarts", "Capacity:Cpu", "Capacity:Memory",
            "Capacity:Disk", "Capacity:Gpus", "Attributes:rack", "System", "Dns:Listen", "Dns:Ttl", "UsageEvery", "MinFreeDisk"])
            Assert.Contains(failures, failure => failure.StartsWith($"Agent:{key} ", StringComparison.Ordinal));
        Assert.Equal(14, failures.Count);
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
