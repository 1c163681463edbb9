namespace OrleansScheduler.Silo.Tests;

public sealed class JobDependencyTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-after-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Jobs_run_after_those_they_wait_for_whatever_the_order_in_which_they_came()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var nodes = await Nodes.Start(cell, 2, _ => ScheduleStatus.Finished);
        await cell.Submit(Batch("report", "load", "check"), "op-3");
        await cell.Submit(Batch("load", "extract"), "op-1");
        await cell.Submit(Batch("check", "extract"), "op-2");
        Assert.Equal(JobPhase.Waiting, (await cell.Job(Key("load")).Describe())!.Phase);
        Assert.Empty(nodes.Started);

        await cell.Submit(Batch("extract"), "op-4");
        await cell.Until(Key("report"), v => v.Phase == JobPhase.Finished);
        var order = nodes.Started.Select(attempt => attempt.Job.Name).ToList();
        Assert.Equal(4, order.Count);
        Assert.Equal(("extract", "report"), (order[0], order[3]));
    }

    [Fact]
    public async Task What_waited_when_the_cell_stopped_still_waits_and_starts_when_its_time_has_come()
    {
        await using (var cell = await TestCell.Start(_directory))
        {
            await cell.Submit(Batch("load", "extract"), "op-1");
        }

        await using (var cell = await TestCell.Start(_directory))
        {
            await using var nodes = await Nodes.Start(cell, 1, _ => ScheduleStatus.Finished);
            await cell.Submit(Batch("extract"), "op-2");
            await cell.Until(Key("load"), v => v.Phase == JobPhase.Finished);
        }
    }

    private static JobKey Key(string name) => new("shop", "test", name);

    private static JobSpec Batch(string name, params string[] after) => new()
    {
        Key = Key(name),
        Type = JobType.Batch,
        Task = new TaskSpec { Command = ["run"], Resources = new(100, 64, 0, 0) },
        After = [.. after.Select(Key)],
    };
}
