namespace OrleansScheduler.Core;

/// <summary>Whether a node may get tasks, as operators set it (Aurora's maintenance modes).</summary>
public enum MaintenanceMode
{
    /// <summary>Takes tasks.</summary>
    None,

    /// <summary>Gets no tasks; those on it are being moved away.</summary>
    Draining,

    /// <summary>Gets no tasks and has none.</summary>
    Drained,

    /// <summary>Takes tasks, and is to be drained.</summary>
    Scheduled,
}

/// <summary>What an agent says about its machine when it registers.</summary>
[GenerateSerializer, Immutable, Alias("osched.NodeDescription")]
public sealed record NodeDescription
{
    /// <summary>The node's name, unique in the cell: same rule as a part of a job key.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Name or address under which its tasks' ports are reached.</summary>
    [Id(1)] public required string Host { get; init; }

    /// <summary>What may be given to tasks.</summary>
    [Id(2)] public required Resources Capacity { get; init; }

    /// <summary>First port that may be given to tasks.</summary>
    [Id(3)] public int FirstPort { get; init; }

    /// <summary>How many ports from there on.</summary>
    [Id(4)] public int PortCount { get; init; }

    /// <summary>Facts that constraints are checked against. An attribute may have several values.</summary>
    [Id(5)]
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Attributes { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Changes with every boot of the machine: then no process of before can live.</summary>
    [Id(6)] public string BootId { get; init; } = "";

    /// <summary>Version of the agent.</summary>
    [Id(7)] public string AgentVersion { get; init; } = "";

    /// <summary>
    /// What of <see cref="Capacity"/> is set aside for roles, by role path (static reservations): only the role and those below it get it.
    /// </summary>
    [Id(8)]
    public ImmutableSortedDictionary<string, Resources> Reserved { get; init; } = ImmutableSortedDictionary<string, Resources>.Empty;

    /// <summary>What it has besides the usual.</summary>
    [Id(9)] public CustomCapacity Custom { get; init; } = CustomCapacity.None;

    /// <summary>
    /// How much cpu and memory may be promised in all, as a multiple of <see cref="Capacity"/>; what is above 1 goes to revocable tasks.
    /// Default 1: none.
    /// </summary>
    [Id(10)] public double Overcommit { get; init; } = 1;

    /// <summary>Which agent this is, by what it keeps in its state directory: two agents of one node's name are told apart by it.</summary>
    [Id(11)] public string AgentId { get; init; } = "";

    /// <summary>
    /// Whether only as much of <see cref="Overcommit"/> is promised as tasks have asked for and have not used lately, as the agent measures
    /// it. Default false.
    /// </summary>
    [Id(12)] public bool OvercommitByUse { get; init; }

    /// <summary>Whether its disk is nearly full: what runs stays, and nothing new comes until that has changed. Default false.</summary>
    [Id(13)] public bool DiskPressure { get; init; }
}

/// <summary>A node as users see it.</summary>
[GenerateSerializer, Immutable, Alias("osched.NodeView")]
public sealed record NodeView
{
    /// <summary>What its agent said.</summary>
    [Id(0)] public required NodeDescription Description { get; init; }

    /// <summary><c>ready</c>, <c>unreachable</c>, <c>scheduled</c>, <c>draining</c> or <c>drained</c>.</summary>
    [Id(1)] public required string Status { get; init; }

    /// <summary>What operators set.</summary>
    [Id(2)] public MaintenanceMode Mode { get; init; }

    /// <summary>What tasks hold of its capacity.</summary>
    [Id(3)] public Resources Used { get; init; }

    /// <summary>How many attempts hold something.</summary>
    [Id(4)] public int Tasks { get; init; }

    /// <summary>How often it has registered.</summary>
    [Id(5)] public long Generation { get; init; }

    /// <summary>Whether more runs on it than it has: its capacity shrank. What runs stays, and nothing new comes.</summary>
    [Id(6)] public bool IsOvercommitted { get; init; }

    /// <summary>Attempts that run there and no job knows: left alone while the cell is in safe mode. At most 1,000.</summary>
    [Id(7)] public ImmutableArray<AttemptId> Adopted { get; init; } = [];

    /// <summary>What it uses, as its agent last measured it; null when it has not lately, and in lists.</summary>
    [Id(8)] public NodeUse? Use { get; init; }

    /// <summary>Whether its disk is nearly full: what runs stays, and nothing new comes.</summary>
    [Id(9)] public bool DiskPressure { get; init; }
}
