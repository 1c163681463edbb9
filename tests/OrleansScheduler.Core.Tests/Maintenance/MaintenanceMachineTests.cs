namespace OrleansScheduler.Core.Tests;

/// <summary>A node's way from service into maintenance and back, in virtual time.</summary>
public sealed class MaintenanceMachineTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly MaintenanceRequest Plain = new() { Force = true };

    [Fact]
    public void M01_A_node_is_scheduled_then_draining_then_drained()
    {
        var scheduled = MaintenanceMachine.Schedule(NodeMaintenance.None, new MaintenanceRequest(), Now).Value;
        Assert.Equal(MaintenanceMode.Scheduled, scheduled.Mode);
        Assert.Equal(scheduled, MaintenanceMachine.Tick(scheduled, Now + (1000 * Hour)));   // nobody has said when
        var draining = MaintenanceMachine.Drain(Plain, Now);
        Assert.Equal(MaintenanceMode.Draining, draining.Mode);
        Assert.Equal(new NodeMaintenance(MaintenanceMode.Drained, null), MaintenanceMachine.Emptied(draining, draining));
    }

    [Fact]
    public void M04_What_was_empty_says_nothing_about_a_node_that_is_back_in_service_or_was_asked_again()
    {
        var draining = MaintenanceMachine.Drain(Plain, Now);
        Assert.Equal(NodeMaintenance.None, MaintenanceMachine.Emptied(NodeMaintenance.None, draining));
        var again = MaintenanceMachine.Drain(Plain, Now + Hour);
        Assert.Equal(again, MaintenanceMachine.Emptied(again, draining));
    }

    [Fact]
    public void A_window_drains_the_node_at_its_beginning_and_ends_by_itself()
    {
        var request = new MaintenanceRequest { From = Now + Hour, Until = Now + (3 * Hour), DeadlineAfter = Hour / 2 };
        var scheduled = MaintenanceMachine.Schedule(NodeMaintenance.None, request, Now).Value;
        Assert.Equal(MaintenanceMode.Scheduled, scheduled.Mode);
        Assert.Equal(scheduled, MaintenanceMachine.Tick(scheduled, Now + Hour - TimeSpan.FromTicks(1)));

        var draining = MaintenanceMachine.Tick(scheduled, Now + Hour);
        Assert.Equal(MaintenanceMode.Draining, draining.Mode);
        Assert.Equal(Now + (1.5 * Hour), draining.Request!.Deadline);   // counted from the beginning, not from the request
        Assert.False(draining.Request.IsForced(Now + (1.4 * Hour)));
        Assert.True(draining.Request.IsForced(Now + (1.5 * Hour)));

        var drained = MaintenanceMachine.Emptied(draining, draining);
        Assert.Equal(MaintenanceMode.Drained, drained.Mode);
        Assert.Equal(drained, MaintenanceMachine.Tick(drained, Now + (2.9 * Hour)));
        Assert.Equal(NodeMaintenance.None, MaintenanceMachine.Tick(drained, Now + (3 * Hour)));
    }

    [Fact]
    public void A_window_whose_end_passes_while_nobody_looked_leaves_the_node_in_service()
    {
        var request = new MaintenanceRequest { From = Now + Hour, Until = Now + (2 * Hour) };
        var scheduled = MaintenanceMachine.Schedule(NodeMaintenance.None, request, Now).Value;
        Assert.Equal(NodeMaintenance.None, MaintenanceMachine.Tick(scheduled, Now + (5 * Hour)));
    }

    [Fact]
    public void A_window_that_has_begun_drains_at_once_and_a_drain_by_hand_has_no_end()
    {
        var request = new MaintenanceRequest { From = Now - Hour, Until = Now + Hour };
        Assert.Equal(MaintenanceMode.Draining, MaintenanceMachine.Schedule(NodeMaintenance.None, request, Now).Value.Mode);
        var draining = MaintenanceMachine.Drain(Plain, Now);
        Assert.Equal(draining, MaintenanceMachine.Tick(draining, Now + (1000 * Hour)));
    }

    [Fact]
    public void Windows_that_make_no_sense_are_refused()
    {
        Refused("bad-window", new() { From = Now + (2 * Hour), Until = Now + Hour });
        Refused("bad-window", new() { Until = Now });
        Refused("bad-window", new() { From = Now + TimeSpan.FromDays(400) });
        Refused("bad-window", new() { DeadlineAfter = -Hour });
        var draining = MaintenanceMachine.Drain(Plain, Now);
        Assert.Equal("node-draining", MaintenanceMachine.Schedule(draining, new() { From = Now + Hour }, Now).Problem!.Code);

        static void Refused(string code, MaintenanceRequest request) =>
            Assert.Equal(code, MaintenanceMachine.Schedule(NodeMaintenance.None, request, Now).Problem?.Code);
    }

    [Fact]
    public void A_request_is_forced_from_its_deadline_on()
    {
        var request = MaintenanceMachine.Drain(new() { DeadlineAfter = Hour }, Now).Request!;
        Assert.False(request.IsForced(Now + Hour - TimeSpan.FromTicks(1)));
        Assert.True(request.IsForced(Now + Hour));
        Assert.True(MaintenanceMachine.Drain(new() { DeadlineAfter = TimeSpan.Zero }, Now).Request!.IsForced(Now));
        Assert.False(MaintenanceMachine.Drain(new(), Now).Request!.IsForced(Now + (1000 * Hour)));
    }
}
