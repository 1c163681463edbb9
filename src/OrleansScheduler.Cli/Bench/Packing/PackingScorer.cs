namespace OrleansScheduler.Cli;

/// <summary>A way of choosing machines that is measured.</summary>
/// <param name="Name">What rows of results call it.</param>
/// <param name="Create">Makes the rule anew for a run on a trace.</param>
internal sealed record PackingScorer(string Name, Func<PackingTrace, IPackingRule> Create)
{
    /// <summary>How many tasks may wait so that the cheapest of them goes first.</summary>
    public const int Window = 256;

    /// <summary>What it costs to take a GPU whose model is all asked for by name, placed at once.</summary>
    private const float ScarceAtOnce = 200;

    /// <summary>The same when tasks wait.</summary>
    private const float ScarceWaiting = 50;

    /// <summary>Whether tasks wait so that the cheapest goes first.</summary>
    public bool LooksAhead { get; init; }

    /// <summary>Whether all tasks are known beforehand, and the largest go first: a mark to measure by, no way to schedule.</summary>
    public bool Offline { get; init; }

    /// <summary>All of them; the scheduler's own first.</summary>
    public static ImmutableArray<PackingScorer> All { get; } =
    [
        new("pack", trace => new LedgerRule(trace, PlacementPolicy.Pack)),
        new("best-fit", trace => new LedgerRule(trace, PlacementPolicy.BestFit)),
        new("spread", trace => new LedgerRule(trace, PlacementPolicy.Spread)),
        new("pack", trace => new StrandRule(trace, ScarceWaiting)) { LooksAhead = true },
        new("best-fit", trace => new LedgerRule(trace, PlacementPolicy.BestFit)) { LooksAhead = true },
        new("spread", trace => new LedgerRule(trace, PlacementPolicy.Spread)) { LooksAhead = true },
        new("first-fit", _ => new FormulaRule(FormulaRule.FirstFit)),
        new("gpu-best-fit", _ => new FormulaRule(FormulaRule.GpuBestFit)),
        new("worst-fit", _ => new FormulaRule(FormulaRule.WorstFit)),
        new("dot-product", trace => new FormulaRule(FormulaRule.DotProduct(trace))),
        new("drf-aware", _ => new FormulaRule(FormulaRule.DrfAware)),
        new("fgd", trace => new FragmentationRule(trace)),
        new("best-fit-decreasing", _ => new FormulaRule(FormulaRule.GpuBestFit)) { Offline = true },
        new("pack-decreasing", trace => new StrandRule(trace, ScarceAtOnce)) { Offline = true },
    ];
}
