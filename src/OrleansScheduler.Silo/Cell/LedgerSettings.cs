using System.ComponentModel.DataAnnotations;

namespace OrleansScheduler.Silo;

/// <summary>
/// What operators set for the cell's ledger. Section <c>Cell:Ledger</c>; the values are those of <see cref="LedgerOptions"/>.
/// </summary>
public sealed class LedgerSettings
{
    private static readonly LedgerOptions Defaults = new();

    /// <inheritdoc cref="LedgerOptions.Policy"/>
    [EnumDataType(typeof(PlacementPolicy))]
    public PlacementPolicy Policy { get; set; } = Defaults.Policy;

    /// <inheritdoc cref="LedgerOptions.PreemptAfter"/>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PreemptAfter { get; set; } = Defaults.PreemptAfter;

    /// <inheritdoc cref="LedgerOptions.PromiseFor"/>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PromiseFor { get; set; } = Defaults.PromiseFor;

    /// <inheritdoc cref="LedgerOptions.HoldAfter"/>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan HoldAfter { get; set; } = Defaults.HoldAfter;

    /// <inheritdoc cref="LedgerOptions.HoldFor"/>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan HoldFor { get; set; } = Defaults.HoldFor;

    /// <inheritdoc cref="LedgerOptions.HoldOneOf"/>
    [Range(1, 1_000_000)]
    public int HoldOneOf { get; set; } = Defaults.HoldOneOf;

    /// <inheritdoc cref="LedgerOptions.PreemptionsPerRound"/>
    [Range(1, 10_000)]
    public int PreemptionsPerRound { get; set; } = Defaults.PreemptionsPerRound;

    /// <inheritdoc cref="LedgerOptions.MaxWaiting"/>
    [Range(1, 100_000_000)]
    public int MaxWaiting { get; set; } = Defaults.MaxWaiting;

    /// <inheritdoc cref="LedgerOptions.MaxWaitingPerRole"/>
    [Range(1, 100_000_000)]
    public int MaxWaitingPerRole { get; set; } = Defaults.MaxWaitingPerRole;

    /// <summary>The same for the ledger.</summary>
    internal LedgerOptions ToOptions() => new()
    {
        Policy = Policy,
        PreemptAfter = PreemptAfter,
        PromiseFor = PromiseFor,
        HoldAfter = HoldAfter,
        HoldFor = HoldFor,
        HoldOneOf = HoldOneOf,
        PreemptionsPerRound = PreemptionsPerRound,
        MaxWaiting = MaxWaiting,
        MaxWaitingPerRole = MaxWaitingPerRole,
    };
}
