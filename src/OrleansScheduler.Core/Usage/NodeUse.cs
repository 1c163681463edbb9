namespace OrleansScheduler.Core;

/// <summary>What a node uses, as its agent last measured it: tasks and all else that runs there.</summary>
[GenerateSerializer, Immutable, Alias("osched.NodeUse")]
public sealed record NodeUse
{
    /// <summary>When it was measured, by the agent's clock.</summary>
    [Id(0)] public DateTimeOffset At { get; init; }

    /// <summary>Thousandths of a core of the whole machine; null at the first measurement.</summary>
    [Id(1)] public long? CpuMillis { get; init; }

    /// <summary>Memory of the whole machine that is not available, in MiB.</summary>
    [Id(2)] public long MemoryMiB { get; init; }

    /// <summary>What is free on the file system of the sandboxes, in MiB.</summary>
    [Id(3)] public long DiskFreeMiB { get; init; }

    /// <summary>Whether that is less than the node is to keep free: sandboxes of ended tasks are removed at once.</summary>
    [Id(4)] public bool DiskPressure { get; init; }

    /// <summary>What its tasks have asked for and have not used lately: an estimate of what could be lent.</summary>
    [Id(5)] public Resources Unused { get; init; }
}

/// <summary>All that an agent has measured at once.</summary>
/// <param name="Node">The node.</param>
/// <param name="Tasks">Its tasks that run.</param>
[GenerateSerializer, Immutable, Alias("osched.NodeUsage")]
public sealed record NodeUsage([property: Id(0)] NodeUse Node, [property: Id(1)] ImmutableArray<TaskUse> Tasks);
