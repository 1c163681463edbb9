using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Times that are noticed late, clocks that are set, and what is made up for.</summary>
public sealed class CronCatchUpTests
{
    private readonly CronFixture _cron = new();

    [Fact]
    public void What_is_noticed_within_the_grace_runs_as_if_it_were_in_time()
    {
        _cron.Submit(_cron.Every("0 * * * *"));
        _cron.Crash();
        _cron.At(minutes: 61);
        Assert.Equal([Pending], _cron.Statuses);
        Assert.Equal(_cron.Start.AddHours(1), _cron.View.Cron!.Active[0].Trigger.Occurrence);
        Assert.Equal(0, _cron.View.Cron!.Missed);
    }

    [Fact]
    public void What_is_noticed_later_is_missed_and_said_so()
    {
        _cron.Submit(_cron.Every("0 * * * *"));
        var missed = _cron.At(minutes: 61.1);
        Assert.Empty(_cron.State.Tasks);
        var told = Assert.Single(missed.Events);
        Assert.Equal("MISSED", told.Status);
        Assert.Equal(
            "1 missed from 2026-01-01T01:00:00Z to 2026-01-01T01:00:00Z while nobody looked, not made up for (catch-up: none)",
            told.Message);
        Assert.Equal(_cron.Start.AddHours(2), missed.NextDue);
        Assert.Equal(1, _cron.View.Cron!.Missed);
    }

    [Fact]
    public void Catch_up_last_makes_up_for_the_last_of_many_times()
    {
        _cron.Submit(CatchingUp("0 * * * *", 1));
        _cron.At(minutes: 10 * 60 + 30);
        var run = Assert.Single(_cron.View.Cron!.Active);
        Assert.Equal((CronOrigin.CatchUp, _cron.Start.AddHours(10)), (run.Trigger.Origin, run.Trigger.Occurrence!.Value));
        Assert.Equal(9, _cron.View.Cron!.Missed);
    }

    [Fact]
    public void Catch_up_last_starts_nothing_beside_a_run_that_is_in_time()
    {
        _cron.Submit(CatchingUp("0 * * * *", 1));
        _cron.At(minutes: 10 * 60 + 0.5);
        var run = Assert.Single(_cron.View.Cron!.Active);
        Assert.Equal((CronOrigin.Schedule, _cron.Start.AddHours(10)), (run.Trigger.Origin, run.Trigger.Occurrence!.Value));
        Assert.Equal((9, 0), (_cron.View.Cron!.Missed, _cron.View.Cron!.Backlog.Length));
    }

    [Fact]
    public void Catch_up_with_a_number_makes_up_for_as_many_one_after_the_other()
    {
        _cron.Submit(CatchingUp("0 * * * *", 3));
        _cron.At(minutes: 10 * 60 + 30);
        List<DateTimeOffset?> made = [];
        while (_cron.View.Cron!.Active is [var run])
        {
            made.Add(run.Trigger.Occurrence);
            _cron.Crash();
            _cron.Finish();
        }

        Assert.Equal([_cron.Start.AddHours(8), _cron.Start.AddHours(9), _cron.Start.AddHours(10)], made);
        Assert.Equal(7, _cron.View.Cron!.Missed);
    }

    [Fact]
    public void A_year_of_missed_seconds_is_decided_at_once_and_not_counted_to_its_end()
    {
        _cron.Submit(CatchingUp("* * * * * *", 100));
        _cron.At(minutes: 365 * 24 * 60);
        Assert.Equal(_cron.Now, _cron.State.Header.Cron!.DecidedUntil);
        Assert.True(_cron.View.Cron!.Missed >= CronMachine.MaxCounted - 100);
        Assert.StartsWith(
            "at least 10000 missed from 2026-01-01T00:00:01Z to 2026-12-31T23:58:59Z",
            _cron.Events.Single(e => e.Status == "MISSED").Message);
    }

    [Fact]
    public void What_was_missed_is_forgotten_when_the_job_is_paused_or_taken_off_its_schedule()
    {
        _cron.Submit(CatchingUp("0 * * * *", 5));
        _cron.At(minutes: 10 * 60 + 30);
        Assert.Equal(4, _cron.View.Cron!.Backlog.Length);
        _cron.Ask(CronVerb.Pause);
        Assert.Empty(_cron.View.Cron!.Backlog);
        _cron.Finish();
        Assert.Equal([Finished], _cron.Statuses);
    }

    [Fact]
    public void A_clock_that_steps_back_an_hour_fires_nothing_twice()
    {
        _cron.Submit(_cron.Every("*/10 * * * *", CronCollision.Allow));
        for (var minute = 1; minute <= 90; minute++) _cron.At(minutes: minute);
        Assert.Equal(9, _cron.View.Cron!.Started);
        for (var minute = 30; minute <= 99; minute++) _cron.At(minutes: minute);
        Assert.Equal(9, _cron.View.Cron!.Started);
        _cron.At(minutes: 100);
        Assert.Equal(10, _cron.View.Cron!.Started);
    }

    [Fact]
    public void A_clock_that_steps_back_fires_nothing_twice_either_when_the_job_is_submitted_again()
    {
        _cron.Submit(_cron.Every("*/10 * * * *", CronCollision.Allow));
        for (var minute = 1; minute <= 30; minute++) _cron.At(minutes: minute);
        _cron.Now = _cron.Start.AddMinutes(5);
        _cron.Ask(CronVerb.Stop);
        _cron.Submit(_cron.Every("*/10 * * * *", CronCollision.Allow), "started");
        for (var minute = 5; minute <= 39; minute++) _cron.At(minutes: minute);
        Assert.Equal(3, _cron.View.Cron!.Started);
        _cron.At(minutes: 40);
        Assert.Equal(4, _cron.View.Cron!.Started);
    }

    [Fact]
    public void A_clock_that_steps_forward_is_a_case_of_catching_up()
    {
        _cron.Submit(CatchingUp("*/10 * * * *", 1));
        _cron.At(minutes: 5);
        _cron.At(minutes: 65);
        var run = Assert.Single(_cron.View.Cron!.Active);
        Assert.Equal((CronOrigin.CatchUp, _cron.Start.AddHours(1)), (run.Trigger.Origin, run.Trigger.Occurrence!.Value));
        Assert.Equal(5, _cron.View.Cron!.Missed);
    }

    [Fact]
    public void Several_times_within_the_grace_are_one_run_when_each_would_kill_the_one_before()
    {
        _cron.Submit(_cron.Every("*/10 * * * * *", instances: 2));
        _cron.At(minutes: 0.5);
        Assert.Equal((1, 2), (_cron.View.Cron!.Started, _cron.View.Cron!.PassedOver));
        Assert.Equal([new(0, 1), new(1, 1)], _cron.State.Tasks.Values.Select(t => t.Ref));
    }

    [Fact]
    public void Jitter_delays_a_run_and_what_is_shown_is_when_it_will_start()
    {
        var spec = _cron.Every("0 * * * *");
        _cron.Submit(spec with { Schedule = spec.Schedule! with { Jitter = TimeSpan.FromMinutes(10) } });
        var due = _cron.View.Cron!.NextRuns[0];
        Assert.InRange(due, _cron.Start.AddMinutes(61), _cron.Start.AddMinutes(70));
        _cron.Now = due - TimeSpan.FromMilliseconds(1);
        Assert.Equal(due, _cron.Tick().NextDue);
        Assert.Empty(_cron.State.Tasks);
        _cron.Now = due;
        _cron.Tick();
        Assert.Equal(_cron.Start.AddHours(1), _cron.View.Cron!.Active[0].Trigger.Occurrence);
    }

    private JobSpec CatchingUp(string expression, int most)
    {
        var spec = _cron.Every(expression);
        return spec with { Schedule = spec.Schedule! with { CatchUp = most } };
    }
}
