using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class JobForceTests
{
    private readonly JobFixture _job = new();

    [Fact]
    public void C19_a_forced_status_goes_by_the_machine_and_its_actor_is_told()
    {
        Run(_job.ABatch(1));
        var decision = _job.Do(r => Assert.Equal(1, r.Force("op-1", 0, Failed, "eve").Value!.Instances));
        Assert.Equal((Failed, 1), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Failures));
        Assert.Equal([new AttemptRef(0, 1)], decision.Released);
        var told = Assert.Single(decision.Events);
        Assert.Equal(("eve", "Forced from RUNNING to FAILED by eve"), (told.Actor, told.Message));
    }

    [Fact]
    public void C19_a_status_that_does_not_follow_changes_nothing_and_is_no_error()
    {
        Run(_job.ABatch(1));
        _job.Do(r => Assert.Contains("nothing was changed", r.Force("op-1", 0, Throttled, "eve").Value!.Message));
        Assert.Equal(Running, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void C08_what_was_given_up_and_still_runs_is_ended_when_its_node_speaks_of_it()
    {
        Run(_job.ABatch(1));
        _job.Do(r => r.Force("op-1", 0, Failed, "eve"));
        _job.Do(r => Assert.False(r.Report("node-0", 1, new(0, 1), new TaskEvent(Running, _job.Now) { Sequence = 9 })));
        Assert.Equal(Failed, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void Nobody_can_force_a_strict_task_to_run_twice()
    {
        Run(_job.AService(1) with { Partition = new() { Strict = true } });
        _job.Do(r => r.Force("op-1", 0, Lost, "eve").Code("strict-task"));
        _job.Lose("node-0", mayReplace: false);
        _job.Do(r => r.Force("op-2", 0, Lost, "eve").Code("strict-task"));
        Assert.Equal(1, _job.State.Tasks[0].Attempt);
    }

    [Theory]
    [InlineData(Assigned)]
    [InlineData(Init)]
    public void Nodes_are_not_given_by_force(ScheduleStatus status)
    {
        Run(_job.ABatch(1));
        _job.Do(r => r.Force("op-1", 0, status, "eve").Code("status-not-forced"));
    }

    [Fact]
    public void An_instance_that_there_is_not_and_a_repeated_operation()
    {
        Run(_job.ABatch(1));
        _job.Do(r => r.Force("op-1", 7, Lost, "eve").Code("instance-not-found"));
        _job.Do(r => r.Force("op-2", 0, Lost, "eve"));
        var again = _job.Do(r => Assert.Equal(1, r.Force("op-2", 0, Lost, "eve").Value!.Instances));
        Assert.Null(again.Change);
    }

    private void Run(JobSpec spec)
    {
        _job.Run(spec);
        _job.Place();
        _job.Report(0, Running, 1);
    }
}
