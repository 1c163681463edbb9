using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Aurora's cases about tasks that need a job around them; the others are with the task machine.</summary>
public sealed class TaskConformanceTests
{
    private readonly JobFixture _job = new();

    [Fact]
    public void C08_a_task_that_is_being_killed_and_says_that_it_runs_stays_so_and_is_told_again()
    {
        Run(_job.AService(1));
        _job.Do(r => r.Stop("op-1", [0], "me"));
        var decision = _job.Report(0, Running, 5);
        Assert.Equal(Killing, _job.State.Tasks[0].Status);
        Assert.Equal([new AttemptRef(0, 1)], decision.Kills.Select(t => t.Ref));
    }

    [Fact]
    public void C10_an_end_is_the_end_and_the_same_status_again_is_no_news()
    {
        Run(_job.ABatch(1));
        var lines = _job.State.Tasks[0].History.Length;
        _job.Report(0, Running, 5);
        Assert.Equal(lines, _job.State.Tasks[0].History.Length);

        _job.Report(0, Finished, 6, exitCode: 0);
        Assert.Null(_job.Report(0, Failed, 7, exitCode: 1).Change);
        Assert.Equal((Finished, 0), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Failures));
    }

    [Fact]
    public void C15_a_partitioned_task_is_replaced_at_once_or_later_or_never_and_comes_back_as_it_was()
    {
        Run(_job.AService(1));
        _job.Lose("node-0");
        Assert.Equal((Pending, 2), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));

        foreach (var policy in new PartitionPolicy[] { new() { Reschedule = false }, new() { Delay = TimeSpan.FromDays(1) } })
        {
            var job = new JobFixture();
            Run(job.AService(1) with { Partition = policy }, job);
            job.Lose("node-0");
            job.Advance(TimeSpan.FromHours(23));
            job.Do(_ => { });
            Assert.Equal((Partitioned, 1), (job.State.Tasks[0].Status, job.State.Tasks[0].Attempt));
            job.Report(0, Running, 5);
            Assert.Equal((Running, 1), (job.State.Tasks[0].Status, job.State.Tasks[0].Attempt));
        }
    }

    [Fact]
    public void C16_a_task_that_starts_may_take_its_time()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Report(0, Starting, 1);
        _job.Advance(TimeSpan.FromHours(1));
        _job.Do(_ => { });
        Assert.Equal(Starting, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void C18_a_rescheduled_task_has_no_node_and_no_ports_until_it_is_assigned()
    {
        _job.Run(_job.AService(1));
        _job.Do(r => Assert.True(r.Place(new Placement(new(0, 1), "node-0", [31_000, 31_001]) { Generation = 1 }, 1)));
        Assert.Equal([31_000, 31_001], _job.State.Tasks[0].Ports);
        _job.Report(0, Running, 1);
        _job.Report(0, Lost, 2);
        Assert.Equal((Pending, null, 0), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Node, _job.State.Tasks[0].Ports.Length));
    }

    private void Run(JobSpec spec) => Run(spec, _job);

    private static void Run(JobSpec spec, JobFixture job)
    {
        job.Run(spec);
        job.Place();
        job.Report(0, Running, 1);
    }
}
