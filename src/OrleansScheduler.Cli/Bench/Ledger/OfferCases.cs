namespace OrleansScheduler.Cli;

/// <summary>Mesos' own allocator benchmarks by name (HierarchicalAllocator_BENCHMARK), with its published figures beside.</summary>
internal static class OfferCases
{
    private static readonly TimeSpan Forever = TimeSpan.FromDays(365);
    private static readonly int[] Agents = [1000, 5000, 10_000, 20_000, 30_000, 50_000];
    private static readonly int[] Frameworks = [1, 50, 100, 200, 500, 1000, 3000, 6000];

    /// <summary>Cycle times read off the chart of Mesos' 1.7 and 1.8 releases, and from MESOS-4694.</summary>
    private static readonly Dictionary<(int, int), string> Published = new()
    {
        [(1000, 100)] = "Mesos 1.7 < 100 ms",
        [(5000, 500)] = "Mesos 1.8 400 ms",
        [(10_000, 1000)] = "Mesos 1.8 1,100 ms",
    };

    /// <summary>Runs them; the whole grid takes minutes.</summary>
    public static IEnumerable<LedgerBenchRow> Run(bool all)
    {
        foreach (var agents in Agents)
        {
            foreach (var frameworks in Frameworks)
            {
                if (all || (agents, frameworks) is (1000, 100) or (5000, 500) or (10_000, 1000) or (20_000, 1000))
                    yield return DeclineOffers(agents, frameworks);
            }
        }

        foreach (var small in all ? [25, 250, 2500] : new[] { 250 })
        {
            var scenario = OfferScenario.LargeAndSmallQuota(small, small / 5);
            yield return Measure.Rate("LargeAndSmallQuota", small + (small / 5), 1, () => scenario.Round(), small + (small / 5), runs: 3);
        }

        foreach (var roles in all ? [10, 100, 1000] : new[] { 100 })
        {
            foreach (var quota in new[] { false, true })
            {
                var name = quota ? "NonQuotaVsQuota, quota" : "NonQuotaVsQuota, none";
                yield return Measure.Rate(name, roles * 2, 1, () => OfferScenario.PlainOrQuota(roles, quota).Round(), roles, runs: 3);
            }
        }
    }

    /// <summary>
    /// Every round offers all that is free, and all of it is declined for ever: the filters grow until nobody can be asked.
    /// </summary>
    private static LedgerBenchRow DeclineOffers(int agents, int frameworks)
    {
        var scenario = OfferScenario.PartlyUsed(agents, frameworks);
        for (var i = 0; i < 3; i++) scenario.Decline(scenario.Round(), Forever);
        var offers = ImmutableArray<Offer>.Empty;
        var row = Measure.Rate("DeclineOffers", agents, 1, () =>
        {
            scenario.Decline(offers, Forever);
            offers = scenario.Round();
        }, frameworks, runs: 3);
        return row with { Peer = Published.GetValueOrDefault((agents, frameworks)) };
    }
}
