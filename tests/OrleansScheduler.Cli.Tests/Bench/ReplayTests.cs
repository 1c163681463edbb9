namespace OrleansScheduler.Cli.Tests;

public sealed class ReplayTests
{
    private static readonly IEnumerable<PackingScorer> Online = PackingScorer.All.Where(scorer => !scorer.Offline);

    [Fact]
    public void Who_does_not_fit_waits_until_something_ends()
    {
        foreach (var row in Run([MadeUpTrace.Task(1, 1, 1000, 0, 10), MadeUpTrace.Task(1, 1, 1000, 4, 10)]))
        {
            Assert.Equal((2, 3.0, 0.0, 6.0), (row.Placed, row.MeanWaitSeconds, row.MedianWaitSeconds, row.P99WaitSeconds));
            Assert.Equal((20.0, 100.0), (row.MakespanSeconds, row.MeanGpuAllocated));
        }
    }

    [Fact]
    public void Small_ones_overtake_large_ones_that_do_not_fit()
    {
        foreach (var row in Run(
            [MadeUpTrace.Task(1, 1, 500, 0, 10), MadeUpTrace.Task(1, 1, 1000, 1, 10), MadeUpTrace.Task(1, 1, 500, 2, 5)]))
        {
            Assert.Equal((3, 9.0, 20.0), (row.Placed, row.P99WaitSeconds, row.MakespanSeconds));
        }
    }

    [Fact]
    public void Pieces_start_together_or_not_at_all()
    {
        foreach (var row in Run([MadeUpTrace.Task(1, 1, 500, 0, 10), MadeUpTrace.Task(1, 1, 500, 1, 10) with { Pieces = 2 }]))
            Assert.Equal((2, 9.0), (row.Placed, row.P99WaitSeconds));
    }

    [Fact]
    public void What_never_fits_is_not_waited_for()
    {
        foreach (var row in Run([MadeUpTrace.Task(1, 1, 2000), MadeUpTrace.Task(1, 1, 500, models: "blue"), MadeUpTrace.Task(1, 1, 500)]))
            Assert.Equal((1, 2), (row.Placed, row.Dropped));
    }

    [Fact]
    public void Everything_that_can_run_runs_and_waits_come_out_equal_again()
    {
        var trace = MadeUpTrace.Of(seed: 3, machines: 6, tasks: 600);
        foreach (var scorer in Online)
        {
            var row = Replay.Run(trace, scorer, PackingTest.Replay);
            Assert.Equal(600, row.Placed + row.Dropped);
            Assert.True(row.MeanWaitSeconds > 0, scorer.Name);
            var again = Replay.Run(trace, scorer, PackingTest.Replay) with { UsPerDecision = row.UsPerDecision };
            Assert.Equal(row, again);
        }
    }

    [Fact]
    public void A_crowd_is_short_of_machines_at_the_worst_moment()
    {
        var trace = MadeUpTrace.Of(seed: 5, machines: 400, tasks: 60);
        var crowd = Crowd.Of(trace, seed: 1)!;
        Assert.True(Crowd.Peak(trace) < trace.Total);
        Assert.True(crowd.Total < trace.Total / 4);
        Assert.True(crowd.Tasks.Length > trace.Tasks.Length);
        Assert.Equal(trace.Nodes.ToHashSet(), crowd.Nodes.ToHashSet());
    }

    private static IEnumerable<PackingRow> Run(IReadOnlyList<TraceTask> tasks)
    {
        var trace = new PackingTrace("small", [MadeUpTrace.Machine(8000, 8192, 1)], tasks);
        return Online.Select(scorer => Replay.Run(trace, scorer, PackingTest.Replay));
    }
}
