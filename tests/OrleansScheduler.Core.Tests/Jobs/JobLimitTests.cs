using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Time limits of tasks, and what a job tells the ledger about its waiting instances.</summary>
public sealed class JobLimitTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromHours(2);
    private readonly JobFixture _job = new();

    [Fact]
    public void A_task_that_runs_longer_than_its_limit_is_killed_and_does_not_start_again()
    {
        var started = Run(_job.ABatch(1) with { TimeLimit = Limit, Retry = new() { MaxFailures = -1 } });
        Assert.Equal(_job.Now + Limit, started.NextDue);

        _job.Advance(Limit - TimeSpan.FromMilliseconds(1));
        Assert.Empty(_job.Do(_ => { }).Kills);
        _job.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([new AttemptRef(0, 1)], _job.Do(_ => { }).Kills.Select(kill => kill.Ref));
        Assert.Equal((Killing, "Task exceeded its time limit."), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Message));

        var ended = _job.Report(0, Killed, sequence: 3);
        Assert.Equal((Killed, 1), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
        Assert.Equal([new AttemptRef(0, 1)], ended.Released);
        Assert.False(ended.InMotion);
    }

    [Fact]
    public void A_job_whose_tasks_have_a_limit_stays_awake_while_they_run()
    {
        Assert.True(Run(_job.ABatch(1) with { TimeLimit = Limit }).InMotion);
        Assert.False(_job.Report(0, Finished, sequence: 3, exitCode: 0).InMotion);
    }

    [Fact]
    public void A_job_without_a_limit_sleeps_while_its_tasks_run()
    {
        var started = Run(_job.ABatch(1));
        Assert.Equal((null, false), (started.NextDue, started.InMotion));
    }

    [Fact]
    public void A_limit_and_a_gang_change_in_place_and_count_for_what_runs()
    {
        Run(_job.ABatch(1));
        _job.Advance(TimeSpan.FromHours(1));
        var changed = _job.Do(r =>
            r.Submit("op-2", _job.ABatch(1) with { TimeLimit = Limit, Gang = true }, null, "me").Outcome("changed"));
        Assert.Equal(_job.Now + TimeSpan.FromHours(1), changed.NextDue);
        Assert.Equal(Running, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void A_job_tells_the_ledger_all_that_its_instances_need()
    {
        var custom = new CustomRequest { Scalars = CustomRequest.None.Scalars.Add("bandwidth", 500) };
        var spec = _job.ABatch(2) with { TimeLimit = Limit, Gang = true, Constraints = [new Constraint.Spread("rack", 1)] };
        _job.Run(spec with { Task = spec.Task with { Custom = custom } });

        var demand = Assert.Single(JobDescription.Demands(_job.State));
        Assert.Equal((custom, true, Limit), (demand.Custom, demand.Gang, demand.TimeLimit));
        Assert.Equal(spec.Constraints, demand.Constraints);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    public void What_a_task_needs_takes_a_restart_and_how_it_is_placed_in_time_does_not(int change, bool runsTheSame)
    {
        var before = _job.ABatch(1);
        var sets = CustomRequest.None.Sets.Add("fpga", 1);
        JobSpec[] changes =
        [
            before with { Gang = true },
            before with { TimeLimit = Limit },
            before with { Task = before.Task with { Custom = new() { Sets = sets } } },
            before with { Constraints = [new Constraint.Spread("rack", 1)] },
            before with { Constraints = [new Constraint.Affinity("node", new("a", "b", "c"), Apart: true)] },
        ];
        Assert.Equal(runsTheSame, before.RunsTheSameAs(changes[change]));
        Assert.NotEqual(before, changes[change]);
    }

    private JobDecision Run(JobSpec spec)
    {
        _job.Run(spec);
        _job.Place();
        return _job.Report(0, Running, sequence: 2);
    }
}
