using CsCheck;
using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class JobUpdateTests
{
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(10);
    private readonly JobFixture _job = new();

    [Fact]
    public void An_update_moves_one_instance_after_the_other_and_watches_each()
    {
        RunAll(_job.AService(3));
        var start = Submit("v2");
        Assert.Equal([0], start.Kills.Select(k => k.Instance));
        for (var instance = 0; instance < 3; instance++)
        {
            Assert.Equal(Restarting, _job.State.Tasks[instance].Status);
            Replace(instance);
            _job.Advance(Watch - TimeSpan.FromSeconds(1));
            Assert.Empty(_job.Do(_ => { }).Kills);
            _job.Advance(TimeSpan.FromSeconds(1));
            _job.Do(_ => { });
        }

        Assert.Equal(UpdateStatus.RolledForward, _job.State.Header.Update!.Status);
        Assert.All(_job.State.Tasks.Values, t => Assert.Equal((2, Running), (t.Version, t.Status)));
    }

    [Fact]
    public void An_update_that_fails_goes_back_in_reverse_order()
    {
        RunAll(_job.AService(3));
        Submit("v2");
        Replace(0);
        Settle();
        Replace(1);
        Assert.Equal(Running, _job.State.Tasks[1].Status);
        _job.Report(1, Failed, 3, exitCode: 1);

        var update = _job.State.Header.Update!;
        Assert.Equal((UpdateStatus.RollingBack, "Latest failure: instance 1 exited."), (update.Status, update.Message));
        Replace(1);
        Settle();
        Assert.Equal(Restarting, _job.State.Tasks[0].Status);
        Replace(0);
        Settle();
        Assert.Equal(UpdateStatus.RolledBack, _job.State.Header.Update!.Status);
        Assert.Equal(1, _job.State.Header.Version);
        Assert.All(_job.State.Tasks.Values, t => Assert.Equal((1, Running), (t.Version, t.Status)));
    }

    [Fact]
    public void A_second_update_has_to_wait_and_a_stop_ends_the_first()
    {
        RunAll(_job.AService(3));
        Submit("v2");
        _job.Do(r => r.Submit("op-v3", Spec("v3"), null, "me").Code("update-in-progress"));
        _job.Do(r => r.Scale("s", 5, "me").Code("update-in-progress"));
        _job.Do(r => r.Stop("stop", [], "me"));
        Assert.Equal(UpdateStatus.Aborted, _job.State.Header.Update!.Status);
    }

    [Fact]
    public void A_change_that_needs_no_restart_is_made_in_place()
    {
        RunAll(_job.AService(3));
        var decision = _job.Do(r => r.Submit("op-2", _job.AService(3) with { Priority = 9 }, null, "me").Outcome("changed"));
        Assert.Empty(decision.Kills);
        Assert.Null(_job.State.Header.Update);
    }

    [Fact]
    public void At_most_the_batch_is_down_unless_tasks_fail_and_every_update_ends_in_one_version() =>
        Gen.Select(Gen.Int[1, 8], Gen.Int[1, 4], Gen.Int[0, 1000], Gen.Bool).Sample((instances, batch, seed, failures) =>
        {
            var job = new JobFixture(seed);
            var random = new Random(seed);
            var spec = job.AService(instances) with { Update = new UpdatePolicy { Batch = batch, Watch = Watch } };
            RunAll(job, spec);
            job.Do(r => r.Submit("op-2", spec with { Task = spec.Task with { Env = spec.Task.Env.Add("V", "2") } }, null, "me")
                .Outcome("updating"));
            for (var i = 0; i < 2000 && job.State.Header.Update!.IsActive; i++)
            {
                Assert.True(failures || job.State.Tasks.Values.Count(t => t.Status != Running) <= batch);
                job.Step(random, failures ? 0.02 : 0);
                job.Advance(TimeSpan.FromSeconds(random.Next(5)));
                job.Do(_ => { });
            }

            var update = job.State.Header.Update!;
            Assert.False(update.IsActive);
            Assert.True(failures || update.Status == UpdateStatus.RolledForward);
            if (update.Status != UpdateStatus.Failed) Assert.All(job.State.Tasks.Values, t => Assert.Equal(update.Target, t.Version));
        }, iter: 300);

    private JobSpec Spec(string value) =>
        _job.AService(3) with { Task = _job.AService(3).Task with { Env = _job.AService(3).Task.Env.Add("V", value) } };

    private JobDecision Submit(string value) => _job.Do(r => r.Submit($"op-{value}", Spec(value), null, "me").Outcome("updating"));

    private void RunAll(JobSpec spec) => RunAll(_job, spec);

    private static void RunAll(JobFixture job, JobSpec spec)
    {
        job.Run(spec with { Update = spec.Update with { Watch = Watch } });
        job.Place();
        foreach (var instance in job.State.Tasks.Keys.ToList()) job.Report(instance, Running, 2);
        job.Advance(TimeSpan.FromHours(1));
    }

    private void Replace(int instance)
    {
        if (_job.State.Tasks[instance].Status == Restarting) _job.Report(instance, Killed, 3);
        _job.Place();
        _job.Report(instance, Running, 2);
    }

    private void Settle()
    {
        _job.Advance(Watch);
        _job.Do(_ => { });
    }
}
