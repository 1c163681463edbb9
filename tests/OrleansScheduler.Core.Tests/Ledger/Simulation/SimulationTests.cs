namespace OrleansScheduler.Core.Tests;

/// <summary>
/// The pure ledger in a world where everything goes wrong, with the rules S1, S2, S10, S12 to S15 and S25 checked after every entry and at
/// every agent. The placement protocol is modelled as far as the ledger is concerned; the grains themselves are not in it.
/// </summary>
public sealed class SimulationTests
{
    private const int Events = 1000;
    private static readonly int Seeds = int.Parse(Environment.GetEnvironmentVariable("OSCHED_SIM_SEEDS") ?? "400");
    private const int MutantSeeds = 50;

    [Fact]
    public void No_rule_is_broken_whatever_goes_wrong()
    {
        var (refusedAppends, refusedCommands, made, kept, taken, written) = (0, 0, 0, 0, 0, 0);
        Parallel.For(0, Seeds, new ParallelOptions { MaxDegreeOfParallelism = 2 }, seed =>
        {
            var world = Run(seed, Broken.Nothing);
            Interlocked.Add(ref refusedAppends, world.Journal.Refused);
            Interlocked.Add(ref refusedCommands, world.Agents.Sum(a => a.Refused));
            Interlocked.Add(ref written, world.Journal.Written);
            Interlocked.Add(ref made, world.Checker.Promises.Made);
            Interlocked.Add(ref kept, world.Checker.Promises.Kept);
            Interlocked.Add(ref taken, world.Checker.Promises.Broken);
        });

        // What never happened was not tested.
        Assert.True(refusedAppends > 0, "no replaced owner ever tried to write");
        Assert.True(refusedCommands > 0, "no stale command ever came to an agent");
        Assert.True(kept > 0 && taken > 0, $"{kept} promises were kept and {taken} taken back");
        Assert.Equal(made, kept + taken);
        Assert.True(written > Seeds * 20, $"only {written} entries were written");
    }

    [Fact]
    public void The_same_seed_leads_to_the_same_state() =>
        Assert.All(Enumerable.Range(0, 10), seed => Assert.Equal(Run(seed, Broken.Nothing).Hash(), Run(seed, Broken.Nothing).Hash()));

    [Theory]
    [InlineData(nameof(Broken.EpochsAtAgents), "S12")]
    [InlineData(nameof(Broken.Fence), "S10")]
    [InlineData(nameof(Broken.DoubleRelease), "S14")]
    [InlineData(nameof(Broken.Quotas), "S13")]
    [InlineData(nameof(Broken.Promises), "S14")]
    [InlineData(nameof(Broken.TellFirst), "S1")]
    [InlineData(nameof(Broken.EarlyRelease), "S14")]
    [InlineData(nameof(Broken.ClaimOrder), "S14")]
    public void A_world_with_a_broken_rule_is_found_out(string broken, string rule)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        for (var seed = 0; seed < MutantSeeds && !found.Contains(rule); seed++)
        {
            try
            {
                new SimWorld(seed, Enum.Parse<Broken>(broken)).Run(Events);
            }
            catch (ViolationException e)
            {
                found.Add(e.Rule);
            }
        }

        Assert.True(found.Contains(rule), $"found {string.Join(", ", found)}");
    }

    private static SimWorld Run(int seed, Broken broken)
    {
        var world = new SimWorld(seed, broken);
        try
        {
            world.Run(Events);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
        }

        return world;
    }
}
