namespace OrleansScheduler.Cli.Tests;

public sealed class InflationTests
{
    public static TheoryData<int> Scorers => [.. Enumerable.Range(0, PackingScorer.All.Length)];

    /// <summary>The cell itself refuses what does not fit, so that a run which ends has overcommitted nothing.</summary>
    [Theory]
    [MemberData(nameof(Scorers))]
    public void Every_task_is_placed_or_dropped(int scorer)
    {
        var trace = MadeUpTrace.Of(seed: 1);
        var row = Run(trace, scorer, seed: 3);
        Assert.Equal(InflationSample.Draw(trace, 3).Count, row.Placed + row.Dropped);
        Assert.InRange(row.GpuAllocatedAtEnd!.Value, 30, 100);
        Assert.InRange(row.CpuAllocatedAtEnd!.Value, 0, 100);
        Assert.InRange(row.MemoryAllocatedAtEnd!.Value, 0, 100);
        Assert.InRange(row.GpuAllocatedAtFirstFailure!.Value, 0, row.GpuAllocatedAtEnd.Value);
        Assert.InRange(row.Fragmentation!.Value, 0, 100.001 - row.GpuAllocatedAtEnd.Value);
        Assert.InRange(row.MultiGpuPlaced!.Value, 0, row.MultiGpuAsked!.Value);
    }

    [Theory]
    [MemberData(nameof(Scorers))]
    public void A_seed_gives_one_result(int scorer)
    {
        var trace = MadeUpTrace.Of(seed: 2);
        var first = Run(trace, scorer, seed: 5) with { UsPerDecision = null };
        Assert.Equal(first, Run(trace, scorer, seed: 5) with { UsPerDecision = null });
        Assert.NotEqual(first, Run(trace, scorer, seed: 6) with { UsPerDecision = null });
    }

    [Theory]
    [MemberData(nameof(Scorers))]
    public void Without_gpus_the_load_is_counted_in_cpu(int scorer)
    {
        var trace = new PackingTrace(
            "cpu", [.. Enumerable.Repeat(MadeUpTrace.Machine(8000, 8192, 0), 5)],
            [MadeUpTrace.Task(3000, 512, 0), MadeUpTrace.Task(1000, 512, 0)]);
        var row = Run(trace, scorer, seed: 1);
        Assert.Null(row.GpuAllocatedAtEnd);
        Assert.Null(row.Fragmentation);
        Assert.InRange(row.CpuAllocatedAtEnd!.Value, 75, 100);
    }

    [Fact]
    public void The_plain_form_of_the_ledgers_rule_packs_as_the_ledger_does()
    {
        var trace = MadeUpTrace.Of(seed: 4, machines: 200, tasks: 400);
        var mix = new Fragmentation(trace, onlyGpu: true);
        var ledger = InflationTest.Run(trace, PackingScorer.All[0], mix, 1);
        var plain = InflationTest.Run(trace, new("plain", t => new StrandRule(t, 200)), mix, 1);
        Assert.InRange(plain.GpuAllocatedAtEnd!.Value, ledger.GpuAllocatedAtEnd!.Value - 1, ledger.GpuAllocatedAtEnd.Value + 1);
    }

    [Fact]
    public void What_no_empty_machine_has_room_for_is_no_failure_of_packing()
    {
        var trace = new PackingTrace(
            "wide", [MadeUpTrace.Machine(8000, 8192, 2)], [MadeUpTrace.Task(1, 1, 4000), MadeUpTrace.Task(1, 1, 1000)]);
        foreach (var scorer in PackingScorer.All)
        {
            var row = InflationTest.Run(trace, scorer, new(trace), 7);
            Assert.True(row.GpuAllocatedAtFirstFailure is null or 100, scorer.Name);
            Assert.Equal(0, row.MultiGpuPlaced);
        }
    }

    private static PackingRow Run(PackingTrace trace, int scorer, int seed) =>
        InflationTest.Run(trace, PackingScorer.All[scorer], new(trace, onlyGpu: true), seed);
}
