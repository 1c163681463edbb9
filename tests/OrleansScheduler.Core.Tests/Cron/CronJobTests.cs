using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>A cron job in virtual time: the rounds of a job with a schedule. The fixture's clock starts at midnight UTC.</summary>
public sealed class CronJobTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly CronFixture _cron = new();

    [Fact]
    public void A_cron_job_that_was_accepted_starts_no_task_before_its_first_trigger()
    {
        var accepted = _cron.Submit(_cron.Every("5 * * * *"));
        Assert.Empty(_cron.State.Tasks);
        Assert.True(accepted.InMotion);
        Assert.Equal(_cron.Start.AddMinutes(5), accepted.NextDue);
        Assert.Equal(JobPhase.Scheduled, _cron.View.Phase);
        Assert.Equal(_cron.Start.AddMinutes(5), _cron.View.Cron!.NextRuns[0]);

        _cron.At(minutes: 4.999);
        Assert.Empty(_cron.State.Tasks);
        _cron.At(minutes: 5);
        Assert.Equal([Pending], _cron.Statuses);
    }

    [Fact]
    public void K01_A_cron_job_is_scheduled_started_and_descheduled()
    {
        _cron.Submit(_cron.Every("5 * * * *"));
        Assert.Equal("Run 1 of shop/test/web starts with 1 instance.", _cron.Ask(CronVerb.Start).Value!.Message);
        Assert.Equal([Pending], _cron.Statuses);
        Assert.Null(_cron.Ask(CronVerb.Stop).Problem);
        Assert.Equal([Pending], _cron.Statuses);
        Assert.Null(_cron.Ask(CronVerb.Stop).Problem);
        _cron.Finish();
        Assert.Equal(JobPhase.Stopped, _cron.View.Phase);
        Assert.Null(_cron.At(minutes: 60).NextDue);
        Assert.Equal([Finished], _cron.Statuses);
        _cron.Ask(CronVerb.Start).Code("cron-descheduled");
        _cron.Ask(CronVerb.Resume).Code("cron-descheduled");

        _cron.Submit(_cron.Every("5 * * * *"), "started");
        Assert.Equal([Finished], _cron.Statuses);
        _cron.At(minutes: 65);
        Assert.Equal([Pending], _cron.Statuses);
    }

    [Fact]
    public void K01_Commands_to_what_is_no_cron_job_are_refused()
    {
        _cron.Ask(CronVerb.Start).Code("job-not-found");
        _cron.Ask(CronVerb.Stop).Code("job-not-found");
        _cron.Submit(_cron.Every("5 * * * *") with { Type = JobType.Batch, Schedule = null });
        _cron.Ask(CronVerb.Start).Code("not-a-cron-job");
    }

    [Fact]
    public void K01_A_service_with_a_schedule_and_an_overlap_by_Auroras_name_are_refused()
    {
        var service = _cron.Every("5 * * * *") with { Type = JobType.Service };
        Assert.Equal(["not-for-type"], JobRules.Check(service).Select(error => error.Code));
        var file = JobFile.Parse("""
            job: a
            role: b
            env: c
            type: cron
            schedule: "* * * * *"
            collision: run-overlap
            task: { command: "true" }
            """);
        Assert.Equal("unknown-value", Assert.Single(file.Problem!.Errors).Code);
    }

    [Fact]
    public void K02_A_trigger_without_active_tasks_makes_all_instances_pending()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 3));
        var decision = _cron.At(minutes: 1);
        Assert.Equal([Pending, Pending, Pending], _cron.Statuses);
        Assert.True(decision.DemandChanged);
        Assert.Equal([new(0, 1), new(1, 1), new(2, 1)], Assert.Single(JobDescription.Demands(_cron.State)).Attempts);
        Assert.Equal("RUN_STARTED", decision.Events.First(e => e.Kind == "cron").Status);
        Assert.Equal(_cron.Start.AddMinutes(1), _cron.State.Header.Cron!.DecidedUntil);
    }

    [Fact]
    public void Every_run_has_attempt_numbers_of_its_own()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 2));
        _cron.At(minutes: 1);
        _cron.Finish();
        _cron.Submit(_cron.Every("* * * * *", instances: 1), "changed");
        _cron.At(minutes: 2);
        _cron.Finish();
        Assert.Equal([new(0, 2)], _cron.State.Tasks.Values.Select(t => t.Ref));
        _cron.Submit(_cron.Every("* * * * *", instances: 3), "changed");
        _cron.At(minutes: 3);
        Assert.Equal([new(0, 3), new(1, 2), new(2, 2)], _cron.State.Tasks.Values.Select(t => t.Ref));
    }

    [Fact]
    public void K03_Cancel_new_does_nothing_while_the_last_run_goes()
    {
        _cron.Submit(_cron.Every("* * * * *", CronCollision.CancelNew));
        _cron.At(minutes: 1);
        _cron.Place();
        var passed = _cron.At(minutes: 2);
        Assert.Equal([Assigned], _cron.Statuses);
        Assert.Empty(passed.Kills);
        Assert.Contains("run 1 has not ended", Assert.Single(passed.Events).Message);
        _cron.Ask(CronVerb.Start).Code("cron-run-active");
        _cron.Finish();
        _cron.At(minutes: 3);
        Assert.Equal([Pending], _cron.Statuses);
        Assert.Equal((2, 1), (_cron.View.Cron!.Started, _cron.View.Cron!.PassedOver));
    }

    [Fact]
    public void K04_Kill_existing_kills_the_old_run_and_starts_the_new_one_when_it_is_gone()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 2));
        _cron.At(minutes: 1);
        _cron.Place();
        var killing = _cron.At(minutes: 2);
        Assert.Equal([Killing, Killing], _cron.Statuses);
        Assert.Equal(2, killing.Kills.Count);
        Assert.Equal("RUN_WAITS", killing.Events[0].Status);

        _cron.End(0, Killed);
        Assert.Equal([Killed, Killing], _cron.Statuses);
        var ignored = _cron.At(minutes: 3);
        Assert.Equal([Killed, Killing], _cron.Statuses);
        Assert.Contains("still waits", Assert.Single(ignored.Events).Message);

        _cron.End(1, Killed);
        Assert.Equal([Pending, Pending], _cron.Statuses);
        var run = Assert.Single(_cron.View.Cron!.Active);
        Assert.Equal((2, _cron.Start.AddMinutes(2)), (run.Number, run.Trigger.Occurrence!.Value));
        Assert.Equal(CronOutcome.Killed, _cron.View.Cron!.Recent[0].Outcome);
        _cron.Finish();
        _cron.At(minutes: 4);
        Assert.Equal([Pending, Pending], _cron.Statuses);
        Assert.Equal(3, _cron.View.Cron!.Started);
    }

    [Fact]
    public void K04_Tasks_that_have_no_node_yet_make_way_at_once()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 2));
        _cron.At(minutes: 1);
        var next = _cron.At(minutes: 2);
        Assert.Empty(next.Kills);
        Assert.Equal([new(0, 2), new(1, 2)], _cron.State.Tasks.Values.Select(t => t.Ref));
        Assert.Equal([Pending, Pending], _cron.Statuses);
    }

    [Fact]
    public void K06_A_new_schedule_leaves_running_tasks_as_they_are()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 2) with { TimeLimit = TimeSpan.FromMinutes(10) });
        _cron.At(minutes: 1);
        _cron.Place();
        _cron.Report(0, Running);
        _cron.Report(1, Running);
        var next = _cron.Every("30 * * * *", instances: 1) with { Task = new() { Command = ["other"] }, TimeLimit = Minute };
        var changed = _cron.Submit(next, "changed");
        Assert.Empty(changed.Kills);
        Assert.Equal([Running, Running], _cron.Statuses);
        Assert.All(_cron.State.Tasks.Values, task => Assert.Equal(1, task.Version));
        Assert.Equal([Running, Running], _cron.Statuses);

        _cron.At(minutes: 5);
        Assert.Equal([Running, Running], _cron.Statuses);
        _cron.Lose(1);
        Assert.Equal((Pending, 1), (_cron.State.Tasks[1].Status, _cron.State.Tasks[1].Version));
        _cron.Place();
        _cron.Finish();
        _cron.At(minutes: 30);
        var task = Assert.Single(_cron.State.Tasks.Values);
        Assert.Equal((Pending, 2, 0), (task.Status, task.Version, task.Instance));
    }

    [Fact]
    public void Runs_side_by_side_have_blocks_of_instances_and_use_them_again()
    {
        _cron.Submit(_cron.Every("* * * * *", CronCollision.Allow, instances: 2));
        for (var minute = 1; minute <= 3; minute++) _cron.At(minutes: minute);
        Assert.Equal([(1, 0), (2, 2), (3, 4)], _cron.View.Cron!.Active.Select(run => (run.Number, run.FirstInstance)));
        _cron.Place();
        _cron.End(2, Finished);
        _cron.End(3, Failed);
        Assert.Equal([(2, CronOutcome.Failed)], _cron.View.Cron!.Recent.Select(run => (run.Number, run.Outcome)));
        _cron.At(minutes: 4);
        Assert.Equal([(1, 0), (3, 4), (4, 2)], _cron.View.Cron!.Active.Select(run => (run.Number, run.FirstInstance)));
        Assert.Equal([new(2, 2), new(3, 2)], _cron.State.Tasks.Values.Where(t => t.Status == Pending).Select(t => t.Ref));
    }

    [Fact]
    public void There_are_only_so_many_runs_side_by_side()
    {
        _cron.Submit(_cron.Every("* * * * *", CronCollision.Allow));
        for (var minute = 1; minute <= CronMachine.MaxSideBySide; minute++) _cron.At(minutes: minute);
        var refused = _cron.At(minutes: CronMachine.MaxSideBySide + 1);
        Assert.Equal(CronMachine.MaxSideBySide, _cron.State.Tasks.Count);
        Assert.Contains("as many as may", Assert.Single(refused.Events).Message);
    }

    [Fact]
    public void A_paused_job_passes_its_times_over_and_a_resumed_one_goes_on_with_the_next()
    {
        _cron.Submit(_cron.Every("* * * * *"));
        Assert.Null(_cron.Ask(CronVerb.Pause).Problem);
        var waiting = _cron.At(minutes: 10.5);
        Assert.Null(waiting.NextDue);
        Assert.False(waiting.InMotion);
        Assert.Empty(_cron.View.Cron!.NextRuns);
        Assert.Null(_cron.Ask(CronVerb.Resume).Problem);
        Assert.Empty(_cron.State.Tasks);
        Assert.Equal(10, _cron.View.Cron!.PassedOver);
        _cron.At(minutes: 11);
        Assert.Equal([Pending], _cron.Statuses);
    }

    [Fact]
    public void A_schedule_that_is_replaced_while_it_is_paused_passes_over_what_was_due_under_the_old_one()
    {
        _cron.Submit(_cron.Every("* * * * *"));
        _cron.Ask(CronVerb.Pause);
        _cron.Now = _cron.Start.AddMinutes(10.5);
        var replaced = _cron.Submit(_cron.Every("*/2 * * * *"), "changed");
        Assert.Contains("10 passed over: the schedule was replaced by me", replaced.Events.Select(e => e.Message));
        Assert.True(_cron.View.Cron!.Paused);
        _cron.Ask(CronVerb.Resume);
        Assert.Equal(10, _cron.View.Cron!.PassedOver);
        Assert.Equal(_cron.Start.AddMinutes(12), _cron.Tick().NextDue);
    }

    [Fact]
    public void A_policy_that_changes_leaves_what_is_due_under_the_same_schedule_alone()
    {
        _cron.Submit(_cron.Every("0 * * * *"));
        _cron.Now = _cron.Start.AddMinutes(60.5);
        _cron.Submit(_cron.Every("0 * * * *", CronCollision.Allow), "changed");
        Assert.Equal(1, Assert.Single(_cron.View.Cron!.Active).Version);
        Assert.Equal(0, _cron.View.Cron!.PassedOver);
    }

    [Fact]
    public void A_zone_that_this_machine_has_lost_fires_nothing_and_breaks_nothing()
    {
        var spec = _cron.Every("* * * * *");
        _cron.Submit(spec with { Schedule = spec.Schedule! with { TimeZone = "Mars/Olympus" } });
        Assert.Null(_cron.At(minutes: 60).NextDue);
        Assert.Empty(_cron.View.Cron!.NextRuns);
        Assert.Null(_cron.Ask(CronVerb.Start).Problem);
        Assert.Equal([Pending], _cron.Statuses);
        _cron.Submit(spec, "changed");
        Assert.Equal(_cron.Start.AddMinutes(61), _cron.Tick().NextDue);
    }

    [Fact]
    public void Every_decision_is_an_event_with_its_reason()
    {
        _cron.Submit(_cron.Every("* * * * *"));
        _cron.At(minutes: 1);
        _cron.Place();
        _cron.At(minutes: 2);
        _cron.At(minutes: 3);
        _cron.End(0, Killed);
        _cron.Finish();
        _cron.Ask(CronVerb.Pause);
        _cron.Ask(CronVerb.Resume);
        _cron.At(minutes: 10);
        _cron.Ask(CronVerb.Stop);
        var told = _cron.Events.Where(e => e.Kind == "cron").ToList();
        Assert.Equal(
            [
                "SCHEDULED", "RUN_STARTED", "RUN_WAITS", "PASSED_OVER", "RUN_KILLED", "RUN_STARTED", "RUN_FINISHED", "PAUSED", "RESUMED",
                "MISSED", "PASSED_OVER", "RUN_STARTED", "DESCHEDULED",
            ],
            told.Select(e => e.Status));
        Assert.All(told, e => Assert.NotEmpty(e.Message!));
    }

    [Fact]
    public void A_job_that_is_stopped_ends_its_run_and_is_off_its_schedule()
    {
        _cron.Submit(_cron.Every("* * * * *"));
        _cron.At(minutes: 1);
        _cron.Place();
        _cron.Do(r => Assert.Null(r.Stop("op-stop", [], "me").Problem));
        Assert.Equal([Killing], _cron.Statuses);
        _cron.End(0, Killed);
        Assert.Equal(JobPhase.Stopped, _cron.View.Phase);
        Assert.Null(_cron.At(minutes: 9).NextDue);
        Assert.Equal([Killed], _cron.Statuses);
        _cron.Submit(_cron.Every("* * * * *"), "started");
        Assert.Equal(JobPhase.Scheduled, _cron.View.Phase);
        _cron.At(minutes: 10);
        Assert.Equal([Pending], _cron.Statuses);
    }

    [Fact]
    public void Instances_of_a_run_that_are_killed_are_back_in_the_next_run_and_are_not_started_again_before()
    {
        _cron.Submit(_cron.Every("* * * * *", instances: 2));
        _cron.At(minutes: 1);
        _cron.Place();
        _cron.Do(r => Assert.Null(r.Stop("op-stop", [1], "me").Problem));
        _cron.End(1, Killed);
        _cron.End(0, Finished);
        _cron.Do(r => Assert.Equal(0, r.Restart("op-restart", [], "me").Value!.Instances));
        Assert.Equal([Finished, Killed], _cron.Statuses);
        _cron.At(minutes: 2);
        Assert.Equal([Pending, Pending], _cron.Statuses);
    }

    [Fact]
    public void The_same_operation_starts_one_run()
    {
        _cron.Submit(_cron.Every("0 5 * * *", CronCollision.Allow));
        var first = _cron.Ask(CronVerb.Start, "op-a");
        var second = _cron.Ask(CronVerb.Start, "op-a");
        Assert.Equal(first.Value!.Message, second.Value!.Message);
        Assert.Single(_cron.View.Cron!.Active);
        Assert.Equal("op-a", _cron.View.Cron!.Active[0].Trigger.Operation);
    }

    [Fact]
    public void A_cron_job_becomes_a_batch_job_when_nothing_of_it_runs()
    {
        _cron.Submit(_cron.Every("* * * * *"));
        _cron.At(minutes: 1);
        var batch = _cron.Every("* * * * *") with { Type = JobType.Batch, Schedule = null };
        _cron.Do(r => r.Submit("op-early", batch, null, "me").Code("job-active"));
        _cron.Place();
        _cron.Finish();
        _cron.Submit(batch, "started");
        Assert.Equal([Pending], _cron.Statuses);
        Assert.Null(_cron.View.Cron);
        Assert.Null(_cron.At(minutes: 5).NextDue);
    }
}
