using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class TaskHistoryTests
{
    private readonly JobFixture _job = new();

    [Fact]
    public void A_hundred_ended_tasks_are_kept_for_two_days_and_all_for_an_hour()
    {
        Finish(150);
        _job.Advance(TimeSpan.FromMinutes(59));
        Assert.Null(_job.Do(_ => { }).Change);

        _job.Advance(TimeSpan.FromMinutes(2));
        _job.Do(_ => { });
        Assert.Equal(100, _job.State.Tasks.Count);
        _job.Advance(TimeSpan.FromDays(2));
        _job.Do(_ => { });
        Assert.Empty(_job.State.Tasks);
    }

    [Fact]
    public void What_was_forgotten_still_counts_and_does_not_run_again()
    {
        Finish(150);
        _job.Advance(TimeSpan.FromDays(3));
        _job.Do(_ => { });
        var view = JobDescription.Describe(_job.State);
        Assert.Equal((JobPhase.Finished, 150), (view.Phase, view.Counts["FINISHED"]));
        Assert.Null(_job.Do(_ => { }).Change);
        Assert.Empty(JobDescription.Demands(_job.State));
    }

    [Fact]
    public void A_job_that_failed_has_failed_also_when_nobody_remembers_the_task()
    {
        Finish(2, Failed);
        _job.Advance(TimeSpan.FromDays(3));
        _job.Do(_ => { });
        Assert.Equal(JobPhase.Failed, JobDescription.Describe(_job.State).Phase);
    }

    [Fact]
    public void The_job_starts_whole_again_with_attempts_that_were_never_used()
    {
        Finish(3);
        _job.Advance(TimeSpan.FromDays(3));
        _job.Do(_ => { });
        _job.Do(r => r.Submit("op-2", _job.ABatch(3), null, "me").Outcome("started"));
        Assert.Equal([2, 2, 2], _job.State.Tasks.Values.Select(t => t.Attempt));
        Assert.Null(_job.State.Header.Pruned);
    }

    [Fact]
    public void While_anything_of_a_job_goes_on_nothing_is_forgotten()
    {
        _job.Run(_job.ABatch(2));
        _job.Place();
        _job.Report(0, Finished, 1, exitCode: 0);
        _job.Advance(TimeSpan.FromMinutes(4));
        _job.Report(1, Running, 1);
        _job.Advance(TimeSpan.FromDays(30));
        _job.Do(_ => { });
        Assert.Equal(2, _job.State.Tasks.Count);
    }

    private void Finish(int instances, ScheduleStatus last = Finished)
    {
        _job.Run(_job.ABatch(instances));
        _job.Place();
        for (var i = 0; i < instances; i++) _job.Report(i, i == instances - 1 ? last : Finished, 1, exitCode: 0);
    }
}
