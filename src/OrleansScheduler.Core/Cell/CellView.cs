namespace OrleansScheduler.Core;

/// <summary>The cell at a glance.</summary>
[GenerateSerializer, Immutable, Alias("osched.CellView")]
public sealed record CellView
{
    /// <summary>The cell's name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Version of the product.</summary>
    [Id(1)] public required string Version { get; init; }

    /// <summary>Silos that are active.</summary>
    [Id(2)] public int Silos { get; init; }

    /// <summary>Nodes by status, as in <see cref="NodeView.Status"/>.</summary>
    [Id(3)] public required ImmutableSortedDictionary<string, int> Nodes { get; init; }

    /// <summary>Sum over the nodes that can be reached.</summary>
    [Id(4)] public Resources Capacity { get; init; }

    /// <summary>What tasks hold of it.</summary>
    [Id(5)] public Resources Used { get; init; }

    /// <summary>Jobs that exist.</summary>
    [Id(6)] public int Jobs { get; init; }

    /// <summary>Attempts that hold resources.</summary>
    [Id(7)] public int Placed { get; init; }

    /// <summary>Instances that wait for a node.</summary>
    [Id(8)] public int Pending { get; init; }

    /// <summary>Which owner of the ledger this is, counted from 1.</summary>
    [Id(9)] public long LedgerEpoch { get; init; }

    /// <summary>The silo that the ledger is on, <c>address:port</c>.</summary>
    [Id(10)] public string LedgerSilo { get; init; } = "";

    /// <summary>
    /// Whether the store turned out to be older than what runs: nothing is ended and nothing placed until an operator resumes the cell.
    /// </summary>
    [Id(11)] public bool SafeMode { get; init; }

    /// <summary>Why it is in safe mode; null when it is not.</summary>
    [Id(12)] public string? SafeModeReason { get; init; }

    /// <summary>What the cell has to do without just now, such as <c>storage</c> or <c>membership</c>; empty when all is well.</summary>
    [Id(13)] public ImmutableArray<string> Degraded { get; init; } = [];
}

/// <summary>What the cell's own state looks like in the store.</summary>
[GenerateSerializer, Immutable, Alias("osched.CellCheckView")]
public sealed record CellCheckView
{
    /// <summary>Actors that compared what they know with what the store has.</summary>
    [Id(0)] public int Owners { get; init; }

    /// <summary>Rows that were read.</summary>
    [Id(1)] public long Rows { get; init; }

    /// <summary>What they contain.</summary>
    [Id(2)] public long Bytes { get; init; }

    /// <summary>Rows that are not as they should be.</summary>
    [Id(3)] public long Damaged { get; init; }

    /// <summary>The first of them, at most 1,000.</summary>
    [Id(4)] public ImmutableArray<StateDamageView> Damages { get; init; } = [];
}

/// <summary>A row that is not what its owner wrote.</summary>
[GenerateSerializer, Immutable, Alias("osched.StateDamageView")]
public sealed record StateDamageView
{
    /// <summary>The actor, as <c>type/key</c>.</summary>
    [Id(0)] public required string Owner { get; init; }

    /// <summary>The row; empty when the owner does not answer.</summary>
    [Id(1)] public required string Row { get; init; }

    /// <summary>What is wrong with it.</summary>
    [Id(2)] public required string Reason { get; init; }
}
