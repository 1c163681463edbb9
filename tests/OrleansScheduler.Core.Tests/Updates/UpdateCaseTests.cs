using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Aurora's conformance cases about updates, in virtual time. Cases speak of NEW and OLD: here versions 2 and 1.</summary>
public sealed class UpdateCaseTests
{
    [Fact]
    public void U01_An_update_creates_first_can_be_paused_for_a_day_and_leaves_what_is_unchanged_alone()
    {
        var s = new UpdateScene(2) { Policy = new() { Watch = UpdateScene.Watch, Instances = InstanceSet.Of([0]) } };
        s.Start("new", 2);
        s.Run();
        Assert.Equal("0:2 1:1", s.Shape);

        s.Policy = new() { Watch = UpdateScene.Watch };
        s.Start("new", 3);
        Assert.Equal("2", s.InFlight);
        Assert.Equal("Updating", s.Actions(2));
        Assert.Null(s.Ask(UpdateVerb.Pause).Problem);
        Assert.Equal("ROLL_FORWARD_PAUSED", s.Ask(UpdateVerb.Pause).Value!.Status);
        s.Bring(2);
        Assert.Empty(s.Tick(TimeSpan.FromDays(1)).Kills);
        Assert.Equal("0:2 1:1 2:3", s.Shape);

        s.Ask(UpdateVerb.Resume);
        Assert.Equal(("Updating Updated", "Updating"), (s.Actions(2), s.Actions(1)));
        s.Pass(1);
        Assert.Equal("ROLLED_FORWARD", s.Status);
        Assert.Equal("0:2 1:3 2:3", s.Shape);
        Assert.Equal("", s.Actions(0));
        Assert.Equal(2, s.Update.Total);
        s.Ask(UpdateVerb.Abort).Code("update-not-active");
    }

    [Fact]
    public void U02_The_next_batch_waits_for_all_of_the_one_before()
    {
        var s = new UpdateScene(3, new() { Strategy = "batch", Batch = 2 });
        s.Start("new", 3);
        Assert.Equal("0-1", s.InFlight);
        s.Pass(1);
        Assert.Equal(("0", "Updating Updated"), (s.InFlight, s.Actions(1)));
        s.Pass(0);
        Assert.Equal("2", s.InFlight);
        s.Pass(2);
        Assert.Equal("ROLLED_FORWARD", s.Status);
    }

    [Fact]
    public void U03_Only_the_instances_that_are_named_move_and_they_must_exist()
    {
        var s = new UpdateScene(2, new() { Instances = InstanceSet.Of([0]) });
        s.Start("new", 2);
        s.Run();
        Assert.Equal(("ROLLED_FORWARD", "0:2 1:1"), (s.Status, s.Shape));
        s.Job.Do(r => r.Submit("again", s.Spec("new", 2), null, "me").Outcome("unchanged"));

        s.Policy = s.Policy with { Instances = InstanceSet.Of([0, 5]) };
        s.Job.Do(r => r.Submit("far", s.Spec("newer", 2), null, "me").Code("update-instances-unknown"));
        s.Policy = s.Policy with { Instances = InstanceSet.Of([0]) };
        s.Job.Do(r => r.Submit("wide", s.Spec("newer", 4), null, "me").Code("update-instances-resize"));
    }

    [Fact]
    public void U04_A_failed_update_goes_back_in_reverse_order()
    {
        // Aurora's case creates instance 1, then changes 0 and 2; here instances are numbered without gaps, so it creates 2.
        var s = new UpdateScene(2);
        s.Start("new", 3);
        s.Pass(2);
        s.Pass(0);
        s.Bring(1);
        s.Fail(1);
        Assert.Equal(("ROLLING_BACK", "Latest failure: instance 1 exited."), (s.Status, s.Update.Message));
        Assert.Equal("Updating UpdateFailed RollingBack", s.Actions(1));
        Assert.Equal("1", s.InFlight);

        Assert.Equal("ROLL_BACK_PAUSED", s.Ask(UpdateVerb.Pause).Value!.Status);
        s.Pass(1);
        Assert.Equal("1", s.InFlight);
        Assert.Equal("ROLLING_BACK", s.Ask(UpdateVerb.Resume).Value!.Status);
        Assert.Equal("0", s.InFlight);
        s.Pass(0);
        Assert.Equal((Killing, "2"), (s.Job.State.Tasks[2].Status, s.InFlight));
        s.Job.Report(2, Killed, 3);
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
        Assert.Equal(1, s.Job.State.Header.Version);
        Assert.Equal("Updating Updated RollingBack RolledBack", s.Actions(0));
    }

    [Fact]
    public void U05_Without_rollback_a_failed_update_stays_where_it_is()
    {
        var s = new UpdateScene(2, new() { Rollback = false });
        s.Start("new", 3);
        s.Pass(2);
        s.Bring(0);
        s.Fail(0);
        Assert.Equal("FAILED", s.Status);
        s.Pass(0, 1, 2);
        Assert.Equal("0:2 1:1 2:2", s.Shape);
        Assert.Null(s.Tick(TimeSpan.FromDays(1)).Change);
    }

    [Fact]
    public void U06_A_rollback_that_fails_ends_the_update()
    {
        var s = new UpdateScene(2);
        s.Start("new", 2);
        s.Bring(0);
        s.Fail(0);
        s.Bring(0);
        s.Fail(0);
        Assert.Equal(("FAILED", "Latest failure: instance 0 exited."), (s.Status, s.Update.Message));
        Assert.Equal("Updating UpdateFailed RollingBack RollbackFailed", s.Actions(0));
    }

    [Fact]
    public void U07_An_abort_leaves_the_job_half_updated()
    {
        var s = new UpdateScene(3);
        s.Start("new", 5);
        s.Pass(3);
        s.Bring(4);
        Assert.Equal("ABORTED", s.Ask(UpdateVerb.Abort).Value!.Status);
        s.Tick(TimeSpan.FromDays(1));
        Assert.Equal("0:1 1:1 2:1 3:2 4:2", s.Shape);

        s.Job.Do(r => r.Submit("again", s.Spec("new", 5), null, "me").Outcome("updating"));
        s.Run();
        Assert.Equal("0:3 1:3 2:3 3:2 4:2", s.Shape);
    }

    [Fact]
    public void U07_An_aborted_resize_creates_and_removes_nothing_more()
    {
        var s = new UpdateScene(2);
        s.Start("new", 4);
        s.Bring(2);
        s.Ask(UpdateVerb.Abort);
        s.Tick(TimeSpan.FromDays(1));
        Assert.Equal(("0:1 1:1 2:2", 3), (s.Shape, s.Job.State.Spec.Instances));

        var smaller = new UpdateScene(4);
        smaller.Start("new", 1);
        smaller.Pass(0);
        smaller.Job.Report(1, Killed, 3);
        smaller.Ask(UpdateVerb.Abort);
        smaller.Job.Report(2, Killed, 3);
        smaller.Tick(TimeSpan.FromDays(1));
        Assert.Equal("0:2 3:1", smaller.Shape);
    }

    [Fact]
    public void U08_A_guarded_update_waits_for_pulses()
    {
        var s = new UpdateScene(2, new() { Pulse = TimeSpan.FromSeconds(20) });
        s.Start("new", 2);
        Assert.Equal(("ROLL_FORWARD_AWAITING_PULSE", "0:1 1:1"), (s.Status, s.Shape));
        Assert.Equal("ok", s.Ask(UpdateVerb.Pulse).Value!.Pulse);
        Assert.Equal(("ROLLING_FORWARD", "Updating"), (s.Status, s.Actions(0)));
        Assert.Equal(s.Job.Now + TimeSpan.FromSeconds(20), s.Tick().NextDue);

        s.Bring(0);
        s.Tick(TimeSpan.FromSeconds(20));
        Assert.Equal(("ROLL_FORWARD_AWAITING_PULSE", "Pulses from external service have timed out."), (s.Status, s.Update.Message));
        s.Ask(UpdateVerb.Pulse);
        Assert.Equal(("ROLLING_FORWARD", "Updating"), (s.Status, s.Actions(1)));
        s.Pass(1);
        Assert.Equal("ROLLED_FORWARD", s.Status);
        Assert.Equal("finished", s.Ask(UpdateVerb.Pulse).Value!.Pulse);
        Assert.Equal("finished", s.Ask(UpdateVerb.Pulse, 77).Value!.Pulse);
    }

    [Fact]
    public void U09_A_pulse_does_not_resume_what_a_user_paused()
    {
        var s = new UpdateScene(2, new() { Pulse = TimeSpan.FromSeconds(20) });
        s.Start("new", 2);
        Assert.Equal("ROLL_FORWARD_PAUSED", s.Ask(UpdateVerb.Pause).Value!.Status);
        var pulse = s.Ask(UpdateVerb.Pulse).Value!;
        Assert.Equal(("ok", "ROLL_FORWARD_PAUSED"), (pulse.Pulse, pulse.Status));
        Assert.Equal("ROLLING_FORWARD", s.Ask(UpdateVerb.Resume).Value!.Status);
        s.Ask(UpdateVerb.Pause);
        s.Job.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("ROLL_FORWARD_AWAITING_PULSE", s.Ask(UpdateVerb.Resume).Value!.Status);
    }

    [Fact]
    public void U10_An_update_survives_the_loss_of_its_owner_in_every_state()
    {
        var s = new UpdateScene(3, new() { Pulse = TimeSpan.FromHours(1) });
        s.Start("new", 3);
        Crash("ROLL_FORWARD_AWAITING_PULSE");
        s.Ask(UpdateVerb.Pulse);
        Crash("ROLLING_FORWARD");
        s.Ask(UpdateVerb.Pause);
        Crash("ROLL_FORWARD_PAUSED");
        s.Ask(UpdateVerb.Resume);
        s.Pass(0);
        Crash("ROLLING_FORWARD");
        s.Run();
        Assert.Equal(("ROLLED_FORWARD", "0:2 1:2 2:2"), (s.Status, s.Shape));

        void Crash(string status)
        {
            s.Job.Crash(s.Job.JournalLength / 2);
            s.Tick(TimeSpan.FromSeconds(1));
            Assert.Equal(status, s.Status);
        }
    }

    [Fact]
    public void U11_Updates_may_only_add_or_only_remove()
    {
        var s = new UpdateScene(3, new() { Instances = InstanceSet.Of([1, 2]) });
        s.Start("new", 1);
        s.Run();
        Assert.Equal(("ROLLED_FORWARD", "0:1"), (s.Status, s.Shape));
        s.Start("newer", 3);
        s.Run();
        Assert.Equal(("ROLLED_FORWARD", "0:1 1:3 2:3"), (s.Status, s.Shape));

        // A number alone changes in place: nobody has to be watched for it.
        s.Job.Do(r => r.Submit("fewer", s.Spec("newer", 1), null, "me").Outcome("changed"));
        s.Bring(1, 2);
        s.Tick();
        Assert.Equal("0:1", s.Shape);
    }

    [Fact]
    public void U12_An_instance_that_finds_no_node_neither_fails_nor_ends_the_update()
    {
        var s = new UpdateScene(1);
        s.Start("new", 2);
        s.Tick(TimeSpan.FromDays(2));
        Assert.Equal(("ROLLING_FORWARD", "1", Pending), (s.Status, s.InFlight, s.Job.State.Tasks[1].Status));
        Assert.Null(s.Tick(TimeSpan.FromDays(2)).Change);
        s.Pass(1);
        s.Pass(0);
        Assert.Equal("ROLLED_FORWARD", s.Status);
    }

    [Fact]
    public void U13_A_second_update_is_refused_with_the_versions_of_the_first()
    {
        var s = new UpdateScene(2);
        s.Start("new", 2);
        s.Job.Do(r =>
        {
            var second = r.Submit("second", s.Spec("newer", 2), null, "me");
            second.Code("update-in-progress");
            Assert.Contains("from version 1 to 2 (ROLLING_FORWARD)", second.Problem!.Message, StringComparison.Ordinal);
        });
        s.Job.Do(r => r.Submit("same", s.Spec("new", 2), null, "me").Outcome("unchanged"));
        s.Job.Do(r => r.Stop("kill", [0], "me").Code("update-in-progress"));
        s.Job.Do(r => r.RollbackTo("back", 1, null, "me").Code("update-in-progress"));
        s.Run();
        s.Job.Do(r => r.Submit("noop", s.Spec("new", 2), null, "me").Outcome("unchanged"));

        var batch = s.Spec("new", 2) with { Type = JobType.Batch, Update = new() { Batch = 2 } };
        Assert.Contains(JobRules.Check(batch), error => (error.Code, error.Path) == ("not-for-type", "update"));
    }

    [Theory]
    [InlineData(UpdateVerb.Resume, "ROLLING_FORWARD")]
    [InlineData(UpdateVerb.Pause, "ROLL_FORWARD_PAUSED")]
    public void U14_A_user_can_roll_back_an_active_update(UpdateVerb before, string status)
    {
        var s = new UpdateScene(2);
        s.Start("new", 2);
        s.Pass(0);
        Assert.Equal(status, s.Ask(before).Value!.Status);
        Assert.Equal("ROLLING_BACK", s.Ask(UpdateVerb.Rollback).Value!.Status);
        s.Run();
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
        s.Ask(UpdateVerb.Rollback).Code("update-not-active");
    }

    [Fact]
    public void U14_A_user_can_roll_back_an_update_that_waits_for_its_pulse()
    {
        var s = new UpdateScene(2, new() { Pulse = TimeSpan.FromHours(1) });
        s.Start("new", 2);
        s.Ask(UpdateVerb.Rollback);
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
        Assert.Equal("ROLL_FORWARD_AWAITING_PULSE ROLLING_BACK ROLLED_BACK", s.Statuses);
    }

    [Fact]
    public void U15_An_update_pauses_behind_every_batch_but_the_last()
    {
        var s = new UpdateScene(3, new() { Strategy = "batch", Batch = 2, AutoPause = true });
        s.Start("new", 3);
        s.Pass(0, 1);
        Assert.Equal(("ROLL_FORWARD_PAUSED", "Update auto paused", ""), (s.Status, s.Update.Message, s.InFlight));
        s.Ask(UpdateVerb.Resume);
        Assert.Equal("2", s.InFlight);
        s.Pass(2);
        Assert.Equal("ROLLING_FORWARD ROLL_FORWARD_PAUSED ROLLING_FORWARD ROLLED_FORWARD", s.Statuses);
    }

    [Theory]
    [InlineData(6, "1,2,3", "0 | 1-2 | 3-5")]
    [InlineData(20, "2,3,5", "0-1 | 2-4 | 5-9 | 10-14 | 15-19")]
    public void U15_Batches_have_their_own_sizes_and_the_last_repeats(int instances, string batches, string groups)
    {
        var sizes = batches.Split(',').Select(int.Parse).ToImmutableArray();
        var s = new UpdateScene(instances, new() { Strategy = "variable-batch", Batches = sizes, AutoPause = true });
        s.Start("new", instances);
        List<string> seen = [];
        while (s.Update.IsActive)
        {
            seen.Add(s.InFlight);
            s.Pass([.. s.Update.InFlight.Each()]);
            if (s.Update.IsActive) Assert.Equal("ROLL_FORWARD_PAUSED", s.Status);
            s.Ask(UpdateVerb.Resume);
        }

        Assert.Equal((groups, "ROLLED_FORWARD"), (string.Join(" | ", seen), s.Status));
    }

    [Fact]
    public void U16_Batches_go_back_in_the_groups_in_which_they_came()
    {
        var s = new UpdateScene(2, new() { Strategy = "variable-batch", Batches = [1, 2], AutoPause = true });
        s.Start("new", 3);
        Assert.Equal("2", s.InFlight);
        s.Pass(2);
        s.Ask(UpdateVerb.Resume);
        Assert.Equal("0-1", s.InFlight);
        s.Bring(0, 1);
        s.Fail(1);
        Assert.Equal(("ROLLING_BACK", "0-1"), (s.Status, s.InFlight));
        s.Pass(0, 1);
        Assert.Equal(("2", Killing), (s.InFlight, s.Job.State.Tasks[2].Status));
        s.Job.Report(2, Killed, 3);
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
    }

    [Fact]
    public void U18_Failures_are_tolerated_up_to_the_limits()
    {
        var s = new UpdateScene(2, new() { MaxInstanceFailures = 1, MaxFailedInstances = 1 });
        s.Start("new", 2);
        s.Bring(0);
        s.Fail(0);
        Assert.Equal(("ROLLING_FORWARD", "Updating"), (s.Status, s.Actions(0)));
        s.Bring(0);
        s.Fail(0);
        Assert.Equal(("ROLLING_FORWARD", "Updating UpdateFailed", "1"), (s.Status, s.Actions(0), s.InFlight));
        s.Bring(0, 1);
        s.Fail(1);
        s.Bring(1);
        s.Fail(1);
        Assert.Equal("ROLLING_BACK", s.Status);
        s.Run();
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
    }

    [Fact]
    public void U19_Two_versions_live_side_by_side_and_each_instance_comes_back_as_its_own()
    {
        var s = new UpdateScene(4, new() { Instances = InstanceSet.Between(0, 1) });
        s.Start("new", 4);
        s.Run();
        var groups = JobDescription.Describe(s.Job.State).Versions;
        Assert.Equal(["1: 2-3", "2: 0-1"], groups.Select(group => $"{group.Version}: {group.Instances}"));
        s.Fail(0);
        s.Fail(3);
        s.Bring(0, 3);
        Assert.Equal("0:2 1:2 2:1 3:1", s.Shape);
        s.Job.Do(r => r.Restart("restart", [3], "me"));
        s.Bring(3);
        Assert.Equal("0:2 1:2 2:1 3:1", s.Shape);
    }
}
