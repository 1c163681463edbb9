using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class BlueGreenTests
{
    private static readonly UpdatePolicy Policy = new() { Strategy = "blue-green" };

    [Fact]
    public void The_old_set_is_stopped_when_all_of_the_new_one_have_been_well_together()
    {
        var s = new UpdateScene(2, Policy);
        s.Start("new", 2);
        Assert.Equal("2-3", s.InFlight);
        s.Pass(2);
        Assert.Equal(("0:1 1:1 2:2 3:2-", "2-3"), (s.Shape, s.InFlight));
        s.Bring(3);
        Assert.Null(s.Tick().Change);
        Assert.Equal(s.Job.Now + UpdateScene.Watch, s.Tick().NextDue);
        s.Tick(UpdateScene.Watch);
        Assert.Equal(("0:1- 1:1- 2:2 3:2", "0-1"), (s.Shape, s.InFlight));
        s.Bring(0, 1);
        Assert.Equal(("ROLLED_FORWARD", "2:2 3:2"), (s.Status, s.Shape));
        Assert.Null(s.Tick(TimeSpan.FromDays(1)).Change);

        // The next set stands before this one, where there is room again.
        s.Start("newer", 2);
        Assert.Equal("0-1", s.InFlight);
        s.Run();
        Assert.Equal(("ROLLED_FORWARD", "0:3 1:3"), (s.Status, s.Shape));
    }

    [Fact]
    public void A_new_set_that_fails_is_removed_and_the_old_one_never_noticed()
    {
        var s = new UpdateScene(2, Policy);
        s.Start("new", 3);
        s.Bring(2, 3, 4);
        s.Fail(3);
        Assert.Equal(("ROLLING_BACK", "Latest failure: instance 3 exited."), (s.Status, s.Update.Message));
        s.Run();
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
        Assert.All([0, 1], instance => Assert.Equal(1, s.Job.State.Tasks[instance].Attempt));
        Assert.Equal("", s.Actions(0));
        Assert.Null(s.Tick(TimeSpan.FromDays(1)).Change);
    }

    [Fact]
    public void A_rollback_in_mid_switch_brings_the_old_set_back_before_the_new_one_goes()
    {
        var s = new UpdateScene(2, Policy);
        s.Start("new", 2);
        s.Pass(2, 3);
        s.Ask(UpdateVerb.Rollback);
        Assert.Equal("0-1", s.InFlight);
        s.Bring(0, 1);
        Assert.Equal("0:1 1:1 2:2 3:2", s.Shape);
        s.Tick(UpdateScene.Watch);
        s.Bring(2, 3);
        Assert.Equal(("ROLLED_BACK", "0:1 1:1"), (s.Status, s.Shape));
    }

    [Fact]
    public void Other_updates_scaling_and_a_stop_go_on_from_the_new_numbers()
    {
        var s = new UpdateScene(2, Policy);
        s.Start("new", 2);
        s.Run();
        s.Policy = new() { Watch = UpdateScene.Watch };
        s.Start("newer", 3);
        s.Run();
        Assert.Equal("2:3 3:3 4:3", s.Shape);
        s.Job.Do(r => r.Scale("scale", 1, "me"));
        s.Bring(3, 4);
        s.Tick();
        Assert.Equal("2:4", s.Shape.Replace(":3", ":4", StringComparison.Ordinal));
        s.Job.Do(r => r.Stop("stop", [], "me"));
        s.Bring(2);
        Assert.Equal("", s.Shape);
        s.Job.Do(r => r.Submit("again", s.Spec("newest", 2), null, "me").Outcome("started"));
        s.Bring([.. s.Job.State.Tasks.Keys]);
        Assert.Equal([2, 3], s.Job.State.Tasks.Values.Where(t => t.Status == Running).Select(t => t.Instance));
    }

    [Fact]
    public void An_abort_keeps_both_sets()
    {
        var s = new UpdateScene(2, Policy);
        s.Start("new", 2);
        s.Bring(2, 3);
        s.Ask(UpdateVerb.Abort);
        s.Tick(TimeSpan.FromDays(1));
        Assert.Equal(("0:1 1:1 2:2 3:2", 4), (s.Shape, s.Job.State.Spec.Instances));
        Assert.Null(s.Tick(TimeSpan.FromDays(1)).Change);
    }

    [Fact]
    public void A_set_for_which_there_are_no_numbers_is_refused()
    {
        var s = new UpdateScene(2, Policy);
        s.Job.Do(r => r.Submit("many", s.Spec("new", JobLimits.MaxInstances - 1), null, "me").Code("instances-full"));
    }
}
