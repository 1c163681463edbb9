using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class JobPreemptTests
{
    private static readonly AttemptId Vip = new(new("vip", "prod", "one"), 3, 1);
    private readonly JobFixture _job = new();

    [Fact]
    public void A_preempted_instance_is_stopped_once_and_its_successor_waits()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Report(0, Running, 2);

        var first = _job.Do(r => Assert.True(r.Preempt(new(0, 1), Vip, 1)));
        Assert.Single(first.Kills);
        Assert.Equal((Preempting, "Preempting in favor of vip/prod/one/3"), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Message));
        var again = _job.Do(r => Assert.True(r.Preempt(new(0, 1), Vip, 1)));
        Assert.Null(again.Change);

        // It failed because it was told to stop: no penalty.
        var end = _job.Report(0, Failed, 3, exitCode: 143);
        Assert.Equal([new AttemptRef(0, 1)], end.Released);
        Assert.Equal((2, Pending), (_job.State.Tasks[0].Attempt, _job.State.Tasks[0].Status));
    }

    [Fact]
    public void What_the_job_does_not_have_is_given_back()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Do(r =>
        {
            Assert.False(r.Preempt(new(0, 7), Vip, 1));
            Assert.False(r.Preempt(new(5, 1), Vip, 1));
        });
        Assert.Equal(Assigned, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void An_instance_that_has_not_heard_of_its_node_waits_as_another_attempt()
    {
        _job.Run(_job.AService(1));
        var decision = _job.Do(r => Assert.False(r.Preempt(new(0, 1), Vip, 1)));
        Assert.True(decision.DemandChanged);
        Assert.Equal([new AttemptRef(0, 2)], Assert.Single(JobDescription.Demands(_job.State)).Attempts);
        _job.Do(r => Assert.False(r.Place(new Placement(new(0, 1), "node-0", []), 1)));
    }

    [Fact]
    public void What_an_earlier_ledger_decided_stops_nothing()
    {
        _job.Run(_job.AService(1));
        _job.Do(r => Assert.True(r.Place(new Placement(new(0, 1), "node-0", []), 5)));
        var decision = _job.Do(r => Assert.True(r.Preempt(new(0, 1), Vip, 4)));
        Assert.Null(decision.Change);
    }

    [Fact]
    public void What_cannot_be_reached_is_not_stopped_for_others()
    {
        _job.Run(_job.AService(1) with { Partition = new() { Reschedule = false } });
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Lose("node-0");
        _job.Do(r => Assert.True(r.Preempt(new(0, 1), Vip, 1)));
        Assert.Equal(Partitioned, _job.State.Tasks[0].Status);
    }
}
