namespace OrleansScheduler.Core.Tests;

/// <summary>Updates that version 0.1 began: it remembered neither a plan nor who was in flight.</summary>
public sealed class OldUpdateTests
{
    [Theory]
    [InlineData(UpdateStatus.RollingForward, "ROLLED_FORWARD", "0:2 1:2 2:2")]
    [InlineData(UpdateStatus.RollingBack, "ROLLED_BACK", "0:1 1:1 2:1")]
    public void An_update_of_an_earlier_version_goes_on_to_its_end(UpdateStatus status, string end, string shape)
    {
        var s = new UpdateScene(3);
        s.Start("new", 3);
        s.Pass(0);
        s.Job.State.Apply(new JobChange
        {
            Header = s.Job.State.Header with
            {
                Version = status == UpdateStatus.RollingBack ? 1 : 2,
                Update = new UpdateState { FromVersion = 1, ToVersion = 2, Status = status, StartedAt = s.Update.StartedAt },
            },
        });
        s.Run();
        Assert.Equal((end, shape), (s.Status, s.Shape));
        Assert.Null(s.Tick(TimeSpan.FromDays(1)).Change);
    }

    [Fact]
    public void One_that_had_ended_is_history_and_nothing_more()
    {
        var s = new UpdateScene(1);
        s.Job.State.Apply(new JobChange
        {
            Header = s.Job.State.Header with
            {
                Update = new UpdateState { FromVersion = 1, ToVersion = 2, Status = UpdateStatus.RolledForward, Initial = default },
            },
        });
        Assert.Equal("ROLLED_FORWARD", Assert.Single(UpdateDescription.Updates(s.Job.State)).Status);
        Assert.Equal(JobPhase.Running, JobDescription.Describe(s.Job.State).Phase);
    }

    [Fact]
    public void Ten_ended_updates_are_remembered_also_behind_a_snapshot()
    {
        var s = new UpdateScene(1);
        for (var i = 0; i < 13; i++)
        {
            s.Start($"new-{i}", 1);
            s.Run();
        }

        s.Job.Crash(s.Job.JournalLength / 2);
        var updates = UpdateDescription.Updates(s.Job.State);
        Assert.Equal(Enumerable.Range(5, 10).Reverse(), updates.Select(update => update.ToVersion));
        Assert.All(updates, update => Assert.Equal(4, update.Events.Length));
        Assert.Equal("finished", s.Ask(UpdateVerb.Pulse, 3).Value!.Pulse);
        s.Ask(UpdateVerb.Pause, 6).Code("update-not-active");
        s.Ask(UpdateVerb.Pause, 3).Code("update-not-found");
    }

    [Fact]
    public void A_job_goes_back_to_a_version_that_is_kept_as_an_update()
    {
        var s = new UpdateScene(2);
        s.Start("new", 2);
        s.Run();
        s.Job.Do(r => r.RollbackTo("far", 9, null, "me").Code("version-not-found"));
        s.Job.Do(r => r.RollbackTo("old", 1, 1, "me").Code("version-conflict"));
        s.Job.Do(r => r.RollbackTo("back", 1, 2, "me").Outcome("updating"));
        s.Job.Do(r => Assert.Equal(3, r.RollbackTo("back", 1, 2, "me").Value!.Version));
        s.Job.Do(r => r.RollbackTo("back", 2, 2, "me").Code("idempotency-key-reused"));
        s.Run();
        Assert.Equal(("ROLLED_FORWARD", "0:3 1:3"), (s.Status, s.Shape));
        Assert.Equal(s.Job.State.SpecOf(1), s.Job.State.Spec);
    }
}
