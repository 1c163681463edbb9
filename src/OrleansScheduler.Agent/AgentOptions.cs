using System.Reflection;

namespace OrleansScheduler.Agent;

/// <summary>Settings of the node agent: section <c>Agent</c>.</summary>
public sealed class AgentOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Agent";

    /// <summary>Name of the node, unique in the cell; same rule as a part of a job key. Default: the host name.</summary>
    public string NodeId { get; set; } = Environment.MachineName;

    /// <summary>Name or address under which the ports of the node's tasks are reached. Default 127.0.0.1.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>
    /// Where gateways take agents, one address or several with commas between: when a session ends the agent goes on to the next. Default
    /// http://127.0.0.1:7071.
    /// </summary>
    public string GatewayUrl { get; set; } = "http://127.0.0.1:7071";

    /// <summary>Where the agent keeps its state and its tasks' sandboxes. Default: <c>agent</c> in the user's state directory.</summary>
    public string StateDirectory { get; set; } = Path.Combine(UserStateDirectory(), "agent");

    /// <summary>Facts about the node for constraints: name to comma separated values.</summary>
    public Dictionary<string, string> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>What may be given to tasks, where it is not what the machine has.</summary>
    public CapacityOptions Capacity { get; set; } = new();

    /// <summary>
    /// What of the machine is kept for the system and for the agent, such as <c>cpu=0.5,memory=1GiB,disk=10GiB</c>: taken off what is
    /// detected, not off what <see cref="Capacity"/> says. Default nothing.
    /// </summary>
    public string System { get; set; } = "";

    /// <summary>The program that lists GPUs where there are device files of some. Default <c>nvidia-smi</c>.</summary>
    public string GpuTool { get; set; } = "nvidia-smi";

    /// <summary>What is set aside for roles: role to amounts, such as <c>shop</c> to <c>cpu=2,memory=4GiB</c>. Default nothing.</summary>
    public Dictionary<string, string> Reserved { get; } = new(StringComparer.Ordinal);

    /// <summary>What the node has besides: name to amount, such as <c>bandwidth</c> to <c>1000</c>. Default nothing.</summary>
    public Dictionary<string, string> Custom { get; } = new(StringComparer.Ordinal);

    /// <summary>Named items that the node has: set to comma separated items, such as <c>fpga</c> to <c>f0,f1</c>. Default none.</summary>
    public Dictionary<string, string> Sets { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// How much cpu and memory may be promised, as a multiple of what there is; what is above 1 goes to revocable tasks. 1 to 100,
    /// default 1.
    /// </summary>
    public double Overcommit { get; set; } = 1;

    /// <summary>
    /// Whether only as much of <see cref="Overcommit"/> is promised as tasks have asked for and have not used lately. Default false: all of
    /// it always is.
    /// </summary>
    public bool OvercommitByUse { get; set; }

    /// <summary>Names of services, answered by the agent.</summary>
    public DnsOptions Dns { get; set; } = new();

    /// <summary>Ports that may be given to tasks, first and last. Default 31000-32000.</summary>
    public string Ports { get; set; } = "31000-32000";

    /// <summary>Words that start this program again, given to tasks as <c>OSCHED_BIN</c>. Default: the running program.</summary>
    public string SelfCommand { get; set; } = RunningProgram();

    /// <summary>Whether tasks end with the agent. Default false: they go on, and the next agent takes them over.</summary>
    public bool KillTasksOnStop { get; set; }

    /// <summary>Longest time before the agent calls again after a session ended; the actual one is random. 0 to 1 min, default 2
    /// s.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How tasks are kept apart from each other and from the machine.</summary>
    public IsolationOptions Isolation { get; set; } = new();

    /// <summary>How many tasks are being started at once. 1 to 256, default 8.</summary>
    public int ConcurrentStarts { get; set; } = 8;

    /// <summary>How often tasks and node are measured. 1 s to 5 min, default 10 s.</summary>
    public TimeSpan UsageEvery { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How much of the sandboxes' file system is kept free, in percent: when less is, sandboxes of ended attempts are removed, the oldest
    /// first. 0 to 50, default 5.
    /// </summary>
    public double MinFreeDisk { get; set; } = 5;

    /// <summary>How files are brought into sandboxes.</summary>
    public ArtifactOptions Artifacts { get; set; } = new();

    /// <summary>How long the sandbox of an ended attempt is kept. Default 1 h.</summary>
    public TimeSpan SandboxRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many sandboxes of ended attempts are kept at most. Default 1,000.</summary>
    public int SandboxesKept { get; set; } = 1000;

    /// <summary>Settings of tasks that run images.</summary>
    public ContainerOptions Container { get; set; } = new();

    private static string RunningProgram()
    {
        var program = Environment.ProcessPath ?? "";
        return Path.GetFileName(program) == "dotnet"
            && Assembly.GetEntryAssembly()?.Location is { Length: > 0 } assembly ? $"{program} {assembly}" : program;
    }

    private static string UserStateDirectory()
    {
        if (Environment.GetEnvironmentVariable("OSCHED_HOME") is { Length: > 0 } home) return home;
        if (Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state) return Path.Combine(state, "osched");
        return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state", "osched");
    }
}

/// <summary>Amounts that stand in for what the machine has: section <c>Agent:Capacity</c>. Empty means detected.</summary>
public sealed class CapacityOptions
{
    /// <summary>Cores, such as <c>3.5</c> or <c>3500m</c>.</summary>
    public string? Cpu { get; set; }

    /// <summary>Memory, such as <c>16GiB</c>.</summary>
    public string? Memory { get; set; }

    /// <summary>Disk for sandboxes, such as <c>100GiB</c>.</summary>
    public string? Disk { get; set; }

    /// <summary>GPUs, such as <c>2</c>: also those that there are not, to try jobs that want some.</summary>
    public string? Gpus { get; set; }
}

/// <summary>How the agent answers for services by name: section <c>Agent:Dns</c>.</summary>
public sealed class DnsOptions
{
    /// <summary>Address and port, UDP and TCP, such as <c>127.0.0.1:8600</c>. Default empty: the agent answers no names.</summary>
    public string Listen { get; set; } = "";

    /// <summary>How long an answer may be kept by who asked. 0 to 1 h, default 5 s.</summary>
    public TimeSpan Ttl { get; set; } = TimeSpan.FromSeconds(5);
}
