using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class JobReadinessTests
{
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(10);
    private readonly JobFixture _job = new();

    private static HealthSpec Health => new()
    {
        Probe = new HealthProbe.Alive(),
        Readiness = new HealthProbe.Command(["ready"]),
        InitialDelay = TimeSpan.FromSeconds(15),
        Interval = TimeSpan.FromSeconds(5),
        Timeout = TimeSpan.FromSeconds(1),
        MaxFailures = 2,
    };

    // 15 s, three probes at 5 s and the time of one.
    private static TimeSpan Limit => TimeSpan.FromSeconds(31);

    [Fact]
    public void A_service_that_runs_is_pending_and_left_out_until_it_is_ready_and_whenever_it_is_not()
    {
        RunAll(2);
        Assert.Equal((JobPhase.Pending, 2), (View.Phase, View.NotReady));
        Assert.Empty(Reached());

        var decision = _job.Report(0, Running, 3, isReady: true);

        Assert.Equal(("RUNNING", _job.Now), (decision.Events[0].Status, decision.Events[0].At));
        Assert.Equal([0], Reached());
        Assert.Equal((2, 1), (View.Counts["RUNNING"], View.NotReady));
        _job.Report(1, Running, 3, isReady: true);
        Assert.Equal(JobPhase.Running, View.Phase);
        _job.Crash();
        Assert.Equal([0, 1], Reached());

        _job.Report(0, Running, 4, isReady: false);

        _job.Crash(entriesInSnapshot: _job.JournalLength);
        Assert.Equal([1], Reached());
        var task = JobDescription.Describe(_job.State, _job.State.Tasks[0], withHistory: true);
        Assert.Equal((Running, false), (task.Status, task.Ready));
        Assert.Equal([Pending, Assigned, Running], task.History.Select(line => line.Status));
    }

    [Fact]
    public void Being_unready_ends_nothing_and_a_report_that_says_nothing_new_writes_nothing()
    {
        RunAll(1);
        var before = _job.JournalLength;
        _job.Report(0, Running, 9, isReady: false);
        Assert.Equal(before, _job.JournalLength);
        _job.Advance(TimeSpan.FromDays(1));
        var decision = _job.Do(_ => { });
        Assert.Empty(decision.Kills);
        Assert.Equal(Running, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void An_end_counts_though_its_number_is_below_that_of_the_last_word_on_readiness()
    {
        RunAll(1);
        _job.Report(0, Running, 90, isReady: true);
        _job.Report(0, Lost, 3);
        Assert.Equal(2, _job.State.Tasks[0].Attempt);
    }

    [Fact]
    public void An_update_waits_for_an_instance_to_be_ready_and_watches_it_from_then_on()
    {
        RunAll(2);
        Ready(0, 1);
        Submit("v2");
        Replace(0);
        _job.Advance(TimeSpan.FromSeconds(20));
        Assert.Empty(_job.Do(_ => { }).Kills);

        _job.Report(0, Running, 3, isReady: true);

        _job.Advance(Watch - TimeSpan.FromSeconds(1));
        Assert.Empty(_job.Do(_ => { }).Kills);
        Assert.Equal(_job.Now + TimeSpan.FromSeconds(1), _job.Do(_ => { }).NextDue);
        _job.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1], _job.Do(_ => { }).Kills.Select(task => task.Instance));
    }

    [Fact]
    public void An_update_goes_back_when_an_instance_is_not_ready_in_time_and_says_why()
    {
        RunAll(2);
        Ready(0, 1);
        Submit("v2");
        Replace(0);
        Assert.Equal(_job.Now + Limit, _job.Do(_ => { }).NextDue);
        _job.Advance(Limit - TimeSpan.FromSeconds(1));
        _job.Do(_ => { });
        Assert.Equal(UpdateStatus.RollingForward, Update.Status);

        _job.Advance(TimeSpan.FromSeconds(1));
        _job.Do(_ => { });

        Assert.Equal((UpdateStatus.RollingBack, "Latest failure: instance 0 runs but was not ready in time."),
            (Update.Status, Update.Message));
        Assert.Equal([1], Reached());
        Replace(0);
        Ready(0);
        _job.Advance(Watch);
        _job.Do(_ => { });
        Assert.Equal(UpdateStatus.RolledBack, Update.Status);
    }

    [Fact]
    public void An_instance_that_flaps_does_not_keep_an_update_waiting_for_good()
    {
        RunAll(1);
        Ready(0);
        Submit("v2");
        Replace(0);
        var began = _job.Now;
        for (var sequence = 3; Update.Status == UpdateStatus.RollingForward && sequence < 100; sequence++)
        {
            _job.Report(0, Running, sequence, isReady: sequence % 2 == 1);
            _job.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(UpdateStatus.RollingBack, Update.Status);
        Assert.InRange(_job.Now - began, Limit + Watch, Limit + Watch + TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void An_sla_counts_only_what_is_ready()
    {
        RunAll(3);
        Ready(0, 1);
        _job.Advance(TimeSpan.FromMinutes(10));
        var policy = new SlaPolicy(null, 2, TimeSpan.FromMinutes(5));

        Assert.False(Judge(0).Allowed);
        Assert.True(Judge(2).Allowed);
        _job.Report(2, Running, 3, isReady: true);
        Assert.Equal((false, (DateTimeOffset?)_job.Now.AddMinutes(5)), (Judge(0).Allowed, Judge(0).RetryAt));
        _job.Advance(TimeSpan.FromMinutes(5));
        Assert.True(Judge(0).Allowed);

        SlaVerdict Judge(int instance) =>
            SlaRules.Judge(policy, _job.State.Spec, _job.State.Tasks.Values, instance, _job.Now);
    }

    private JobView View => JobDescription.Describe(_job.State);

    private UpdateState Update => _job.State.Header.Update!;

    private IEnumerable<int> Reached() => ServiceDescription.Describe(_job.State).Value!.Instances.Select(one => one.Instance);

    private JobSpec Spec(int instances, string value = "v1") => _job.AService(instances) with
    {
        Tier = Tier.Preferred,
        Task = new TaskSpec { Command = ["run", value], Health = Health },
        Update = new UpdatePolicy { Watch = Watch },
    };

    private void RunAll(int instances)
    {
        _job.Run(Spec(instances));
        _job.Place();
        for (var i = 0; i < instances; i++) _job.Report(i, Running, 2, isReady: false);
    }

    private void Ready(params int[] instances)
    {
        foreach (var instance in instances) _job.Report(instance, Running, 3, isReady: true);
    }

    private void Submit(string value) =>
        _job.Do(r => r.Submit($"op-{value}", Spec(_job.State.Spec.Instances, value), null, "me").Outcome("updating"));

    private void Replace(int instance)
    {
        _job.Report(instance, Killed, 99);
        _job.Place();
        _job.Report(instance, Running, 2, isReady: false);
    }
}
