namespace OrleansScheduler.Core;

/// <summary>The stable codes of why a node does not take a task, and their words. The one place that words them.</summary>
public static class Reasons
{
    /// <summary>The node's agent cannot be reached.</summary>
    public const string NodeUnreachable = "node-unreachable";

    /// <summary>The node is draining or drained.</summary>
    public const string NodeDraining = "node-draining";

    /// <summary>A value constraint does not hold.</summary>
    public const string ConstraintNotSatisfied = "constraint-not-satisfied";

    /// <summary>A limit constraint is used up.</summary>
    public const string LimitNotSatisfied = "limit-not-satisfied";

    /// <summary>Not enough cpu.</summary>
    public const string InsufficientCpu = "insufficient-cpu";

    /// <summary>Not enough memory.</summary>
    public const string InsufficientMemory = "insufficient-memory";

    /// <summary>Not enough disk.</summary>
    public const string InsufficientDisk = "insufficient-disk";

    /// <summary>Not enough GPUs.</summary>
    public const string InsufficientGpus = "insufficient-gpus";

    /// <summary>Not enough ports.</summary>
    public const string InsufficientPorts = "insufficient-ports";

    /// <summary>The reason in words; <paramref name="subject"/> is the attribute of a constraint, else null.</summary>
    public static string Describe(string code, string? subject = null) => code switch
    {
        NodeUnreachable => "node cannot be reached",
        NodeDraining => "node is draining for maintenance",
        ConstraintNotSatisfied => $"constraint not satisfied: {subject}",
        LimitNotSatisfied => $"limit not satisfied: {subject}",
        InsufficientCpu => "insufficient cpu",
        InsufficientMemory => "insufficient memory",
        InsufficientDisk => "insufficient disk",
        InsufficientGpus => "insufficient gpus",
        InsufficientPorts => "insufficient ports",
        _ => code,
    };
}
