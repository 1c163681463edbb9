namespace OrleansScheduler.Core;

/// <summary>Changes to try on a copy of the ledger. All of them are made, then the copy plans until nothing more fits.</summary>
[GenerateSerializer, Immutable, Alias("osched.WhatIf")]
public sealed record WhatIf
{
    /// <summary>Most nodes that one question may add.</summary>
    public const int MaxNodes = 100_000;

    /// <summary>Nodes to add.</summary>
    [Id(0)] public ImmutableArray<NodeTemplate> AddNodes { get; init; } = [];

    /// <summary>Nodes to drain: what runs there has to go elsewhere.</summary>
    [Id(1)] public ImmutableArray<string> DrainNodes { get; init; } = [];

    /// <summary>Jobs to scale.</summary>
    [Id(2)] public ImmutableArray<ScaleChange> Scale { get; init; } = [];

    /// <summary>Quotas to set.</summary>
    [Id(3)] public ImmutableArray<QuotaChange> Quotas { get; init; } = [];

    /// <summary>Specs to submit; a job that is there already gets what it has more.</summary>
    [Id(4)] public ImmutableArray<JobSpec> Jobs { get; init; } = [];
}

/// <summary>Equal nodes that are not there yet.</summary>
/// <param name="Count">How many, 1 to <see cref="WhatIf.MaxNodes"/>.</param>
/// <param name="Capacity">What each has.</param>
/// <param name="Attributes">Facts about each.</param>
[GenerateSerializer, Immutable, Alias("osched.NodeTemplate")]
public sealed record NodeTemplate(
    [property: Id(0)] int Count, [property: Id(1)] Resources Capacity,
    [property: Id(2)] ImmutableSortedDictionary<string, ImmutableArray<string>>? Attributes = null);

/// <summary>Another number of instances.</summary>
/// <param name="Job">The job; it must hold or want something, so that the ledger knows what an instance needs.</param>
/// <param name="Instances">The number.</param>
[GenerateSerializer, Immutable, Alias("osched.ScaleChange")]
public sealed record ScaleChange([property: Id(0)] JobKey Job, [property: Id(1)] int Instances);

/// <summary>Another quota.</summary>
/// <param name="Role">Role path.</param>
/// <param name="Quota">The quota; null to take it away.</param>
[GenerateSerializer, Immutable, Alias("osched.QuotaChange")]
public sealed record QuotaChange([property: Id(0)] string Role, [property: Id(1)] Quota? Quota);

/// <summary>What would happen.</summary>
[GenerateSerializer, Immutable, Alias("osched.WhatIfView")]
public sealed record WhatIfView
{
    /// <summary>One sentence that answers the question.</summary>
    [Id(0)] public required string Summary { get; init; }

    /// <summary>Jobs for which something is other than without the change, by key.</summary>
    [Id(1)] public ImmutableArray<JobOutlook> Jobs { get; init; } = [];

    /// <summary>Nodes that would get or lose tasks, by id; at most <see cref="MaxNodes"/>.</summary>
    [Id(2)] public ImmutableArray<NodeOutlook> Nodes { get; init; } = [];

    /// <summary>What the cell has and uses now and then.</summary>
    [Id(3)] public required CellOutlook Cell { get; init; }

    /// <summary>How long the answer took, in milliseconds.</summary>
    [Id(4)] public double Milliseconds { get; init; }

    /// <summary>Most nodes that an answer lists.</summary>
    public const int MaxNodes = 1000;
}

/// <summary>A job with and without the change.</summary>
/// <param name="Job">The job.</param>
/// <param name="PlacedNow">Instances that have a node once what waits now has been placed.</param>
/// <param name="PlacedThen">The same with the change.</param>
/// <param name="WaitingNow">Instances that still wait then.</param>
/// <param name="WaitingThen">The same with the change.</param>
/// <param name="Preempted">Instances that would be stopped for others.</param>
/// <param name="Groups">Why those wait that do, with the change.</param>
[GenerateSerializer, Immutable, Alias("osched.JobOutlook")]
public sealed record JobOutlook(
    [property: Id(0)] JobKey Job, [property: Id(1)] int PlacedNow, [property: Id(2)] int PlacedThen, [property: Id(3)] int WaitingNow,
    [property: Id(4)] int WaitingThen, [property: Id(5)] int Preempted, [property: Id(6)] ImmutableArray<PendingGroup> Groups);

/// <summary>A node with and without the change.</summary>
/// <param name="Node">The node.</param>
/// <param name="TasksNow">Tasks without the change.</param>
/// <param name="TasksThen">Tasks with it.</param>
/// <param name="UsedNow">What they hold.</param>
/// <param name="UsedThen">What they hold with it.</param>
[GenerateSerializer, Immutable, Alias("osched.NodeOutlook")]
public sealed record NodeOutlook(
    [property: Id(0)] string Node, [property: Id(1)] int TasksNow, [property: Id(2)] int TasksThen, [property: Id(3)] Resources UsedNow,
    [property: Id(4)] Resources UsedThen);

/// <summary>The whole cell with and without the change.</summary>
/// <param name="NodesNow">Nodes that take tasks.</param>
/// <param name="NodesThen">The same with the change.</param>
/// <param name="CapacityNow">What they have.</param>
/// <param name="CapacityThen">The same with the change.</param>
/// <param name="UsedNow">What tasks hold.</param>
/// <param name="UsedThen">The same with the change.</param>
/// <param name="WaitingNow">Instances that wait.</param>
/// <param name="WaitingThen">The same with the change.</param>
[GenerateSerializer, Immutable, Alias("osched.CellOutlook")]
public sealed record CellOutlook(
    [property: Id(0)] int NodesNow, [property: Id(1)] int NodesThen, [property: Id(2)] Resources CapacityNow,
    [property: Id(3)] Resources CapacityThen, [property: Id(4)] Resources UsedNow, [property: Id(5)] Resources UsedThen,
    [property: Id(6)] int WaitingNow, [property: Id(7)] int WaitingThen);
