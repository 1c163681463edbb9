using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Cron jobs in a cell, in real time: seconds only.</summary>
public sealed class CronCellTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "test", "tick");
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_job_of_every_second_survives_a_restart_of_the_cell_and_no_trigger_is_lost_or_doubled()
    {
        long before;
        await using (var cell = await TestCell.Start(_directory.Path))
        {
            Assert.Null((await cell.Submit(EverySecond())).Problem);
            before = (await cell.Until(Key, job => job.Cron!.Started + job.Cron.PassedOver >= 2, 30)).Cron!.Started;
        }

        await using var again = await TestCell.Start(_directory.Path);

        // Nobody speaks to the job: the index wakes it.
        var view = await again.Until(Key, job => job.Cron!.Started + job.Cron.PassedOver >= before + 6, 60);
        var cron = view.Cron!;
        var seconds = (cron.DecidedUntil - Second(view.CreatedAt)).TotalSeconds;
        Assert.Equal(seconds, cron.Started + cron.PassedOver + cron.Missed);
        Assert.Equal(0, cron.Missed);
        var times = cron.Active.Select(run => run.Trigger.Occurrence!.Value).Order().ToList();
        Assert.Equal(times.Distinct(), times);
        Assert.Equal(Enumerable.Range(0, times.Count).Select(i => times[0].AddSeconds(i)), times);
    }

    [Fact]
    public async Task A_run_is_placed_ends_and_the_next_one_starts_soon_after_its_time()
    {
        await using var cell = await TestCell.Start(_directory.Path);
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("node-1"), _ => ScheduleStatus.Finished);
        var spec = EverySecond() with { Instances = 2, Schedule = new("*/2 * * * * *", "UTC", CronCollision.CancelNew) };
        Assert.Null((await cell.Submit(spec)).Problem);
        var view = await cell.Until(Key, job => job.Cron!.Recent.Length >= 3, 60);
        Assert.All(view.Cron!.Recent, run => Assert.Equal(CronOutcome.Finished, run.Outcome));
        Assert.All(view.Cron.Recent, run =>
            Assert.InRange(run.StartedAt - run.Trigger.Occurrence!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(2)));
        Assert.Equal(node.Started.Distinct(), node.Started);

        var paused = await cell.Job(Key).Cron(new CronCommand("op-pause", CronVerb.Pause, "test"));
        Assert.Equal($"{Key} is paused.", paused.Value!.Message);
        view = await cell.Until(Key, job => job.Cron!.Active.IsEmpty, 30);
        var started = view.Cron!.Started;
        var receipt = await cell.Job(Key).Cron(new CronCommand("op-start", CronVerb.Start, "test"));
        Assert.Equal(2, receipt.Value!.Instances);
        view = await cell.Until(Key, job => job.Cron!.Recent.Any(run => run.Trigger.Operation == "op-start"), 30);
        Assert.Equal((started + 1, JobPhase.Scheduled), (view.Cron!.Started, view.Phase));
    }

    private static DateTimeOffset Second(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond));

    private static JobSpec EverySecond() => new()
    {
        Key = Key,
        Type = JobType.Cron,
        Schedule = new("* * * * * *", "UTC", CronCollision.Allow),
        Task = new TaskSpec { Command = ["tick"] },
    };
}
