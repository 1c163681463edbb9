using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

/// <summary>Updates that mind the SLA of their job.</summary>
public sealed class UpdateSlaTests
{
    private const string SlaAsked = "Checking SLA before continuing.";
    private const string SlaPassed = "SLA check passed, continuing.";

    [Fact]
    public void U17_An_update_that_minds_the_SLA_needs_one_and_asks_no_coordinator_yet()
    {
        var s = new UpdateScene(1, new() { SlaAware = true });
        Assert.Equal(["sla-required"], Codes(s.Spec("new", 1)));
        Assert.Equal(["not-supported-yet"], Codes(s.Spec("new", 1) with { Sla = Coordinator }));
        Assert.Empty(Codes(s.Spec("new", 1) with { Sla = new SlaPolicy(null, 1, TimeSpan.Zero) }));

        static IEnumerable<string> Codes(JobSpec spec) =>
            JobRules.Check(spec).Where(error => error.Path == "update.sla-aware").Select(error => error.Code);
    }

    private static SlaPolicy Coordinator =>
        new(null, null, TimeSpan.Zero) { Coordinator = new SlaCoordinator("http://127.0.0.1:1/", "drain") };

    [Fact]
    public void U17_An_instance_is_stopped_when_the_SLA_lets_it_go_and_both_is_told()
    {
        var s = Minding(new UpdateScene(3, new() { Batch = 2, SlaAware = true }));
        Assert.Equal(("0-1", "0:2- 1:1 2:1"), (s.InFlight, s.Shape));
        Assert.Equal([(SlaAsked, "1")], Told(s));

        // 0 runs again, but not yet for as long as the SLA asks.
        s.Bring(0);
        Assert.Equal("0:2 1:1 2:1", s.Shape);
        var due = s.Tick().NextDue;
        s.Tick(due!.Value - s.Job.Now);
        s.Tick(TimeSpan.FromSeconds(20));
        Assert.Equal("0:2 1:2- 2:1", s.Shape);
        Assert.Contains((SlaPassed, "1"), Told(s));

        for (var i = 0; i < 20 && s.Update.IsActive; i++)
        {
            Assert.True(s.Job.State.Tasks.Values.Count(t => t.Status == Running) >= 2);
            s.Pass([.. s.Job.State.Tasks.Keys]);
        }

        Assert.Equal(("ROLLED_FORWARD", "0:2 1:2 2:2"), (s.Status, s.Shape));
    }

    [Fact]
    public void U17_A_pause_while_the_SLA_is_asked_stops_nothing()
    {
        var s = Minding(new UpdateScene(3, new() { Batch = 2, SlaAware = true }));
        s.Ask(UpdateVerb.Pause);
        s.Bring(0);
        s.Tick(TimeSpan.FromHours(1));
        Assert.Equal("0:2 1:1 2:1", s.Shape);
        s.Ask(UpdateVerb.Resume);
        Assert.Equal("0:2 1:2- 2:1", s.Shape);
    }

    private static UpdateScene Minding(UpdateScene s)
    {
        var spec = s.Spec("new", 3) with { Tier = Tier.Preferred, Sla = new SlaPolicy(null, 2, TimeSpan.FromSeconds(15)) };
        s.Job.Do(r => r.Submit("op-sla", spec, null, "me").Outcome("updating"));
        return s;
    }

    private static List<(string? Message, string Instances)> Told(UpdateScene s) =>
        [.. s.Job.State.Updates.EventsOf(s.Update.ToVersion).Where(line => line.Status is null && line.Action is null)
            .Select(line => (line.Message, line.Instances.ToString()))];
}
