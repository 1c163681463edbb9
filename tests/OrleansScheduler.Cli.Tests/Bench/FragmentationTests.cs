namespace OrleansScheduler.Cli.Tests;

public sealed class FragmentationTests
{
    /// <summary>One machine of two GPUs; of one 600 are taken. A share of 500 can use the other, a whole one too, two none.</summary>
    [Theory]
    [InlineData(500, 400)]
    [InlineData(400, 0)]
    [InlineData(1000, 400)]
    [InlineData(2000, 1400)]
    public void Counts_what_a_task_of_the_mix_can_not_use(int asked, int lost)
    {
        var trace = new PackingTrace("one", [MadeUpTrace.Machine(8000, 8192, 2)], [MadeUpTrace.Task(1000, 1024, asked)]);
        var cell = new PackingCell(trace);
        cell.Take(0, new PackingShape(1000, 1024, 1, 600, 0), 1);
        Assert.Equal(100.0 * lost / 2000, new Fragmentation(trace).Of(cell)!.Value, 6);
    }

    [Fact]
    public void A_machine_without_cpu_is_of_no_use_whatever_its_gpus()
    {
        var trace = new PackingTrace("one", [MadeUpTrace.Machine(8000, 8192, 2)], [MadeUpTrace.Task(1000, 1024, 500)]);
        var cell = new PackingCell(trace);
        cell.Take(0, new PackingShape(7500, 1024, 0, 0, 0), 0);
        Assert.Equal(100, new Fragmentation(trace).Of(cell)!.Value, 6);
    }

    [Fact]
    public void Shapes_count_as_often_as_they_come()
    {
        var trace = new PackingTrace(
            "mix", [MadeUpTrace.Machine(8000, 8192, 2)],
            [MadeUpTrace.Task(1, 1, 3000), MadeUpTrace.Task(1, 1, 1000), MadeUpTrace.Task(1, 1, 1000), MadeUpTrace.Task(1, 1, 1000)]);
        Assert.Equal(25, new Fragmentation(trace).Of(new PackingCell(trace))!.Value, 6);
    }
}
