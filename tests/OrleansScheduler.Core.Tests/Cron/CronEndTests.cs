using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Runs that end before all their instances do, and what their ends mean to others.</summary>
public sealed class CronEndTests
{
    private readonly CronFixture _cron = new();

    [Fact]
    public void A_run_has_succeeded_when_enough_of_its_instances_have_and_the_next_one_is_whole_again()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 3) with { MinSuccesses = 1 });
        _cron.At(minutes: 1);
        _cron.Place();
        _cron.End(0, Finished);
        Assert.Equal([Finished, Killing, Killing], _cron.Statuses);
        _cron.Finish();
        Assert.Equal(CronOutcome.Finished, _cron.State.Header.Cron!.Recent[^1].Outcome);

        _cron.At(minutes: 2);
        Assert.Equal([Pending, Pending, Pending], _cron.Statuses);
    }

    [Fact]
    public void A_run_fails_when_more_of_its_instances_have_failed_than_may()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 3) with { Retry = new() { MaxFailedInstances = 0 } });
        _cron.At(minutes: 1);
        _cron.Place();
        _cron.End(1, Failed);
        Assert.Equal([Killing, Failed, Killing], _cron.Statuses);
        _cron.Finish();
        Assert.Equal(CronOutcome.Failed, _cron.State.Header.Cron!.Recent[^1].Outcome);
    }

    [Fact]
    public void Who_waits_for_a_cron_job_waits_for_its_last_run_to_succeed()
    {
        _cron.Submit(_cron.Every("* * * * *"));
        Assert.Equal(DependencyState.Pending, DependencyRules.StateOf(_cron.State));
        _cron.At(minutes: 1);
        Assert.Equal(DependencyState.Pending, DependencyRules.StateOf(_cron.State));
        _cron.Finish();
        Assert.Equal(DependencyState.Met, DependencyRules.StateOf(_cron.State));
        _cron.At(minutes: 2);
        Assert.Equal(DependencyState.Pending, DependencyRules.StateOf(_cron.State));
        _cron.Place();
        _cron.End(0, Failed);
        Assert.Equal(DependencyState.Failed, DependencyRules.StateOf(_cron.State));
    }

    [Fact]
    public void Rows_of_old_runs_go_in_time_and_runs_go_on_with_new_attempts()
    {
        _cron.Submit(_cron.Every("0 0 1 * *"));
        _cron.Ask(CronVerb.Start);
        _cron.Finish();
        _cron.At(minutes: 3 * 24 * 60);
        Assert.Empty(_cron.State.Tasks);
        Assert.Equal(1, _cron.View.Counts["FINISHED"]);
        _cron.Ask(CronVerb.Start);
        Assert.Equal(2, Assert.Single(_cron.State.Tasks.Values).Attempt);
        Assert.False(_cron.View.Counts.ContainsKey("FINISHED"));
    }
}
