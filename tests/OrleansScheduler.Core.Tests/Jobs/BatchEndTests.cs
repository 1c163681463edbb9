using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class BatchEndTests
{
    private readonly JobFixture _job = new();

    [Fact]
    public void A_job_fails_when_more_instances_have_failed_than_may_and_stops_the_others()
    {
        _job.Run(_job.ABatch(4) with { Retry = new() { MaxFailedInstances = 1 } });
        _job.Place();
        _job.Report(0, Failed, 1, exitCode: 1);
        Assert.Equal(Assigned, _job.State.Tasks[1].Status);

        _job.Report(1, Failed, 1, exitCode: 1);
        Assert.Equal([Killing, Killing], [_job.State.Tasks[2].Status, _job.State.Tasks[3].Status]);
        Assert.Equal(JobPhase.Stopping, Phase);

        _job.Report(2, Killed, 1);
        _job.Report(3, Finished, 1, exitCode: 0);
        Assert.Equal(JobPhase.Failed, Phase);
        Assert.Equal("2 of 4 instances have failed, and at most 1 may.", JobDescription.Describe(_job.State).EndReason);
        Assert.Equal(2, _job.State.Tasks.Values.Count(t => t.Status == Failed));
    }

    [Fact]
    public void A_job_has_succeeded_when_enough_instances_have_and_what_waits_is_taken_back()
    {
        _job.Run(_job.ABatch(3) with { MinSuccesses = 1 });
        _job.Do(r => r.Place(new Placement(new(0, 1), "node-0", []), 1));
        _job.Report(0, Finished, 1, exitCode: 0);

        Assert.Equal(JobPhase.Finished, Phase);
        Assert.Empty(JobDescription.Demands(_job.State));
        Assert.Null(_job.Do(_ => { }).Change);
        Assert.False(_job.Do(_ => { }).InMotion);
    }

    [Fact]
    public void A_job_that_failed_runs_whole_again_when_it_is_submitted_again()
    {
        var spec = _job.ABatch(2) with { Retry = new() { MaxFailedInstances = 0 } };
        _job.Run(spec);
        _job.Place();
        _job.Report(0, Failed, 1, exitCode: 1);
        _job.Report(1, Killed, 1);
        Assert.Equal(JobPhase.Failed, Phase);

        _job.Do(r => r.Submit("op-2", spec, null, "me").Outcome("started"));
        Assert.Equal([Pending, Pending], _job.State.Tasks.Values.Select(t => t.Status));
        Assert.Null(_job.State.Header.End);
    }

    [Fact]
    public void Without_bounds_all_instances_go_on_to_their_ends()
    {
        _job.Run(_job.ABatch(3));
        _job.Place();
        _job.Report(0, Failed, 1, exitCode: 1);
        _job.Report(1, Failed, 1, exitCode: 1);
        Assert.Equal(Assigned, _job.State.Tasks[2].Status);
    }

    private JobPhase Phase => JobDescription.Describe(_job.State).Phase;
}
