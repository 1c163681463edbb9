using Orleans.Concurrency;

namespace OrleansScheduler.Contracts;

/// <summary>Owns what is true of the cell as a whole. Key: <see cref="Id"/>.</summary>
[Alias("osched.ICellGrain")]
public interface ICellGrain : IGrainWithStringKey
{
    /// <summary>The one key there is.</summary>
    const string Id = "cell";

    /// <summary>The cell's record.</summary>
    [Alias("Describe"), AlwaysInterleave]
    Task<CellRecord> Describe(CancellationToken cancellationToken = default);

    /// <summary>
    /// Something shows that the store is older than what runs. Durable when it returns; from then on nothing is ended and nothing placed.
    /// </summary>
    [Alias("EnterSafeMode")]
    Task<CellRecord> EnterSafeMode(string reason, CancellationToken cancellationToken = default);

    /// <summary>An operator has seen what the restored cell found and ends its safe mode. Durable when it returns; doing it twice changes
    /// nothing.</summary>
    [Alias("Resume")]
    Task<CellRecord> Resume(string operationId, string actor, CancellationToken cancellationToken = default);
}

/// <summary>What is true of the cell as a whole; the durable state of <see cref="ICellGrain"/>.</summary>
[GenerateSerializer, Immutable, Alias("osched.CellRecord")]
public sealed record CellRecord
{
    /// <summary>Grain type of the record's owner and name of the state: its row's address in every store.</summary>
    public const string StateName = "cell";

    /// <summary>The storage format that this build writes. A store with a higher one is refused.</summary>
    public const int CurrentStorageFormat = 1;

    /// <summary>The cell's name.</summary>
    [Id(0)] public string Name { get; init; } = "";

    /// <summary>Which life of the store this is: 1 at first, higher after every restore.</summary>
    [Id(1)] public long StoreIncarnation { get; init; }

    /// <summary>
    /// Whether the cell was restored and no operator has looked at it since: it takes over what runs and kills nothing that it does not
    /// know.
    /// </summary>
    [Id(2)] public bool SafeMode { get; init; }

    /// <summary>When the cell was last restored; null when it never was.</summary>
    [Id(3)] public DateTimeOffset? RestoredAt { get; init; }

    /// <summary>The backup that it was last restored from, and when that was made; otherwise why safe mode was entered.</summary>
    [Id(4)] public string? RestoredFrom { get; init; }

    /// <summary>Format of everything in the store.</summary>
    [Id(5)] public int StorageFormat { get; init; }

    /// <summary>The cluster whose silos use the store; empty for any.</summary>
    [Id(6)] public string ClusterId { get; init; } = "";
}
