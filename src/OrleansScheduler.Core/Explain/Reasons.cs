namespace OrleansScheduler.Core;

/// <summary>The stable codes of why a node does not take a task, and their words. The one place that words them.</summary>
public static class Reasons
{
    /// <summary>The node's agent cannot be reached.</summary>
    public const string NodeUnreachable = "node-unreachable";

    /// <summary>The node is draining or drained.</summary>
    public const string NodeDraining = "node-draining";

    /// <summary>The node's disk is nearly full.</summary>
    public const string NodeDiskPressure = "node-disk-pressure";

    /// <summary>A value constraint does not hold.</summary>
    public const string ConstraintNotSatisfied = "constraint-not-satisfied";

    /// <summary>The node does not offer the driver.</summary>
    public const string DriverNotOffered = "driver-not-offered";

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

    /// <summary>Not enough of a custom resource.</summary>
    public const string InsufficientCustom = "insufficient-custom";

    /// <summary>The node takes only tasks that ask for it.</summary>
    public const string NodeDedicated = "node-dedicated";

    /// <summary>The node is not among those that the job lists.</summary>
    public const string NodeNotListed = "node-not-listed";

    /// <summary>The attribute's value already has more instances than the emptiest one allows.</summary>
    public const string SpreadNotSatisfied = "spread-not-satisfied";

    /// <summary>No instance of the job that it wants to be near is there.</summary>
    public const string AffinityNotSatisfied = "affinity-not-satisfied";

    /// <summary>An instance of the job that it keeps away from is there.</summary>
    public const string AntiAffinityNotSatisfied = "anti-affinity-not-satisfied";

    /// <summary>The node is kept free for another group that has waited long.</summary>
    public const string NodeHeld = "node-held";

    /// <summary>More runs on the node than it has since it shrank.</summary>
    public const string NodeOvercommitted = "node-overcommitted";

    /// <summary>The role would exceed its quota.</summary>
    public const string QuotaLimit = "quota-limit";

    /// <summary>What is free is guaranteed to other roles.</summary>
    public const string QuotaHeadroom = "quota-headroom";

    /// <summary>Not all members of the gang fit at once.</summary>
    public const string GangIncomplete = "gang-incomplete";

    /// <summary>Tasks are being stopped to make room.</summary>
    public const string Preempting = "preempting";

    /// <summary>Whether a quota stops the whole group, whatever its nodes have: neither victims nor nodes kept free would help.</summary>
    public static bool IsQuota(string code) => code is QuotaLimit or QuotaHeadroom;

    /// <summary>The reason in words; <paramref name="subject"/> is the attribute of a constraint, else null.</summary>
    public static string Describe(string code, string? subject = null) => code switch
    {
        NodeUnreachable => "node cannot be reached",
        NodeDraining => "node is draining for maintenance",
        NodeDiskPressure => "the node's disk is nearly full",
        ConstraintNotSatisfied => $"constraint not satisfied: {subject}",
        DriverNotOffered => $"node does not offer the {subject} driver",
        LimitNotSatisfied => $"limit not satisfied: {subject}",
        InsufficientCpu => "insufficient cpu",
        InsufficientMemory => "insufficient memory",
        InsufficientDisk => "insufficient disk",
        InsufficientGpus => "insufficient gpus",
        InsufficientPorts => "insufficient ports",
        InsufficientCustom => $"insufficient {subject}",
        NodeDedicated => "node is dedicated to others",
        NodeNotListed => "node is not among those that the job lists",
        SpreadNotSatisfied => $"spread not satisfied: {subject}",
        AffinityNotSatisfied => $"affinity not satisfied: {subject}",
        AntiAffinityNotSatisfied => $"anti-affinity not satisfied: {subject}",
        NodeHeld => "node is kept free for a group that has waited long",
        NodeOvercommitted => "more runs on the node than it has",
        QuotaLimit => $"role {subject} would exceed its quota",
        QuotaHeadroom => "what is free is guaranteed to other roles",
        GangIncomplete => "not all members of the gang fit at once",
        Preempting => $"tasks on {subject} are being stopped to make room",
        _ => code,
    };
}
