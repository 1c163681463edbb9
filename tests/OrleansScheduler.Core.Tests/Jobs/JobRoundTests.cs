using static OrleansScheduler.Core.ScheduleStatus;

namespace OrleansScheduler.Core.Tests;

public sealed class JobRoundTests
{
    private readonly JobFixture _job = new();

    [Fact]
    public void A_submitted_job_asks_for_one_attempt_per_instance()
    {
        var decision = _job.Do(r => r.Submit("op-1", _job.AService(3), null, "me").Outcome("created"));

        Assert.True(decision.DemandChanged);
        Assert.True(decision.InMotion);
        var demand = Assert.Single(JobDescription.Demands(_job.State));
        Assert.Equal([new(0, 1), new(1, 1), new(2, 1)], demand.Attempts);
    }

    [Fact]
    public void The_same_operation_gives_the_same_answer_and_changes_nothing()
    {
        _job.Do(r => r.Submit("op-1", _job.AService(3), null, "me").Outcome("created"));
        var revision = _job.State.Header.Revision;

        var again = _job.Do(r => r.Submit("op-1", _job.AService(3), null, "me").Outcome("created"));

        Assert.Null(again.Change);
        Assert.Equal(revision, _job.State.Header.Revision);
    }

    [Fact]
    public void The_same_operation_with_another_spec_is_refused_and_changes_nothing()
    {
        _job.Do(r => r.Submit("op-1", _job.AService(3), null, "me").Outcome("created"));
        var refused = _job.Do(r => r.Submit("op-1", _job.AService(4), null, "me").Code("idempotency-key-reused"));
        Assert.Null(refused.Change);
    }

    [Fact]
    public void Two_submits_with_one_operation_in_one_round_are_one()
    {
        _job.Do(r =>
        {
            r.Submit("op-1", _job.AService(3), null, "me").Outcome("created");
            r.Submit("op-1", _job.AService(3), null, "me").Outcome("created");
            r.Submit("op-1", _job.AService(9), null, "me").Code("idempotency-key-reused");
        });
        Assert.Single(_job.State.Versions);
    }

    [Fact]
    public void A_submit_with_an_old_version_is_refused()
    {
        _job.Do(r => r.Submit("op-1", _job.AService(3), null, "me"));
        _job.Do(r => r.Submit("op-2", _job.AService(5), expectedVersion: 7, "me").Code("version-conflict"));
        _job.Do(r => r.Submit("op-3", _job.AService(5), expectedVersion: 1, "me").Outcome("changed"));
    }

    [Fact]
    public void A_placement_launches_and_a_repeated_one_changes_nothing()
    {
        _job.Run(_job.AService(1));
        var placed = _job.Place();
        Assert.Equal([new AttemptRef(0, 1)], placed.Launches.Select(l => l.Ref));
        Assert.False(placed.DemandChanged);

        var again = _job.Do(r => Assert.True(r.Place(new Placement(new(0, 1), "node-0", []), 1)));
        Assert.Null(again.Change);
        Assert.Empty(again.Launches);
    }

    [Fact]
    public void A_placement_says_which_devices_and_items_and_its_successor_has_none_of_them()
    {
        _job.Run(_job.AService(1));
        var placed = _job.Do(r => r.Place(new(new(0, 1), "node-0", [31_000]) { Devices = [0, 3], Items = ["fpga=f1"] }, 1));
        var launched = Assert.Single(placed.Launches);
        Assert.Equal([0, 3], launched.Devices);
        Assert.Equal(["fpga=f1"], launched.Items);

        _job.Report(0, Running, sequence: 2);
        var view = JobDescription.Describe(_job.State, _job.State.Tasks[0], withHistory: false);
        Assert.Equal([0, 3], view.Devices);
        Assert.Equal(["fpga=f1"], view.Items);
        _job.Report(0, Failed, sequence: 3, exitCode: 1);
        Assert.Empty(_job.State.Tasks[0].Devices);
        Assert.Empty(_job.State.Tasks[0].Items);
    }

    [Fact]
    public void A_placement_of_something_else_is_not_wanted()
    {
        _job.Run(_job.AService(1));
        _job.Do(r =>
        {
            Assert.False(r.Place(new Placement(new(0, 2), "node-0", []), 1));
            Assert.False(r.Place(new Placement(new(5, 1), "node-0", []), 1));
        });
        _job.Place();
        _job.Do(r => Assert.False(r.Place(new Placement(new(0, 1), "node-9", []), 1)));
    }

    [Fact]
    public void Reports_are_applied_once_and_in_order()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Report(0, Running, sequence: 2);
        var late = _job.Report(0, Starting, sequence: 1);
        Assert.Null(late.Change);
        Assert.Equal(Running, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void An_end_releases_what_the_attempt_held()
    {
        _job.Run(_job.ABatch(1));
        _job.Place();
        var ended = _job.Report(0, Finished, sequence: 3, exitCode: 0);
        Assert.Equal([new AttemptRef(0, 1)], ended.Released);
        Assert.Equal((Finished, 0), (_job.State.Tasks[0].Status, _job.State.Tasks[0].ExitCode));
        Assert.False(ended.InMotion);
        Assert.Equal(JobPhase.Finished, JobDescription.Describe(_job.State).Phase);
    }

    [Fact]
    public void A_report_about_an_attempt_that_was_replaced_is_a_zombie()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Lose("node-0");
        Assert.Equal(2, _job.State.Tasks[0].Attempt);
        _job.Do(r => Assert.False(r.Report("node-0", 1, new(0, 1), new TaskEvent(Running, _job.Now) { Sequence = 2 })));
        _job.Do(r => Assert.True(r.Report("node-0", 1, new(0, 1), new TaskEvent(Finished, _job.Now) { Sequence = 3 })));
    }

    [Fact]
    public void A_partitioned_task_waits_as_long_as_its_policy_says_and_may_come_back()
    {
        _job.Run(_job.AService(1) with { Partition = new PartitionPolicy { Delay = TimeSpan.FromMinutes(1) } });
        _job.Place();
        _job.Report(0, Running, 2);
        var cut = _job.Lose("node-0");
        Assert.Equal(_job.Now + TimeSpan.FromMinutes(1), cut.NextDue);
        _job.Report(0, Running, 2);
        Assert.Equal((Running, 1), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));

        _job.Lose("node-0");
        _job.Advance(TimeSpan.FromMinutes(1));
        var lost = _job.Do(_ => { });
        Assert.Equal((Pending, 2), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
        Assert.Equal([new AttemptRef(0, 1)], lost.Released);
        Assert.Equal([new AttemptRef(0, 1)], lost.Kills.Select(k => k.Ref));
    }

    [Fact]
    public void The_loss_of_a_session_that_is_told_after_the_node_spoke_in_a_later_one_changes_nothing()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Do(r => Assert.True(r.Report("node-0", 2, new(0, 1), new TaskEvent(Running, _job.Now) { Sequence = 2 })));
        _job.Lose("node-0");
        Assert.Equal((Running, 1), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
    }

    [Fact]
    public void A_strict_task_is_replaced_only_when_its_lease_has_ended()
    {
        _job.Run(_job.AService(3) with { Partition = new PartitionPolicy { Strict = true } });
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Report(1, Running, 2);
        _job.Do(r => r.Restart("op-restart", [1], "me"));
        foreach (var node in new[] { "node-0", "node-1", "node-2" }) _job.Lose(node);
        _job.Advance(TimeSpan.FromDays(1));
        _job.Do(r => r.Restart("op-again", [0, 2], "me"));
        _job.Do(_ => { });
        Assert.All(_job.State.Tasks.Values, t => Assert.Equal(1, t.Attempt));
        Assert.Equal(Partitioned, _job.State.Tasks[0].Status);

        foreach (var node in new[] { "node-0", "node-1", "node-2" }) _job.Lose(node, leaseEnded: true);
        Assert.All(_job.State.Tasks.Values, t => Assert.Equal((Pending, 2), (t.Status, t.Attempt)));
    }

    [Fact]
    public void A_strict_task_that_is_back_before_its_lease_has_ended_goes_on()
    {
        _job.Run(_job.AService(1) with { Partition = new PartitionPolicy { Strict = true } });
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Lose("node-0");
        _job.Report(0, Running, 2);
        Assert.Equal((Running, 1), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
    }

    [Fact]
    public void While_too_many_nodes_are_lost_nothing_is_replaced()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Lose("node-0", mayReplace: false);
        _job.Advance(TimeSpan.FromHours(1));
        _job.Do(_ => { });
        Assert.Equal((Partitioned, 1), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
        _job.Lose("node-0");
        Assert.Equal((Pending, 2), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
    }

    [Fact]
    public void News_of_a_loss_that_came_before_a_placement_do_not_touch_it()
    {
        _job.Run(_job.AService(1));
        _job.Do(r => r.Place(new Placement(new(0, 1), "node-0", []) { Generation = 2 }, 1));
        _job.Report(0, Running, 2);
        _job.Lose("node-0", leaseEnded: true);
        Assert.Equal(Running, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void An_attempt_whose_node_was_lost_before_it_was_started_is_replaced()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        var decision = _job.Do(r => r.Gone("node-0", new(0, 1)));
        Assert.Equal([new AttemptRef(0, 1)], decision.Released);
        Assert.Equal((Pending, 2), (_job.State.Tasks[0].Status, _job.State.Tasks[0].Attempt));
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Do(r => r.Gone("node-0", new(0, 2)));
        Assert.Equal(Running, _job.State.Tasks[0].Status);
    }

    [Fact]
    public void C16_an_assigned_task_that_nobody_answers_for_is_lost_after_five_minutes()
    {
        _job.Run(_job.AService(1));
        _job.Place();
        _job.Advance(TimeSpan.FromMinutes(5));
        _job.Do(_ => { });
        Assert.Contains(_job.State.Tasks[0].History, h => h is { Status: Lost, Message: "Task timed out." });
        Assert.Equal(2, _job.State.Tasks[0].Attempt);
    }

    [Fact]
    public void An_attempt_that_the_agent_does_not_know_is_launched_again_or_lost()
    {
        _job.Run(_job.AService(2));
        _job.Place();
        _job.Report(1, Running, 2);
        var decision = _job.Do(r =>
        {
            r.Absent("node-0", new(0, 1));
            r.Absent("node-1", new(1, 1));
        });
        Assert.Equal([new AttemptRef(0, 1)], decision.Launches.Select(l => l.Ref));
        Assert.Equal((Pending, 2), (_job.State.Tasks[1].Status, _job.State.Tasks[1].Attempt));
    }

    [Fact]
    public void A_stopped_job_ends_all_tasks_and_starts_again_on_submit()
    {
        var spec = _job.AService(2);
        _job.Run(spec);
        _job.Place();
        var stop = _job.Do(r => r.Stop("stop-1", [], "me"));
        Assert.Equal(2, stop.Kills.Count);
        _job.Report(0, Killed, 3);
        _job.Report(1, Killed, 3);
        Assert.Equal(JobPhase.Stopped, JobDescription.Describe(_job.State).Phase);

        _job.Do(r => r.Submit("op-9", spec, null, "me").Outcome("started"));
        Assert.Equal([(Pending, 2), (Pending, 2)], _job.State.Tasks.Values.Select(t => (t.Status, t.Attempt)));
    }

    [Fact]
    public void An_instance_stopped_while_it_waits_never_reuses_its_attempt_number()
    {
        _job.Run(_job.AService(2));
        _job.Do(r => r.Stop("stop-1", [1], "me"));
        Assert.False(_job.State.Tasks.ContainsKey(1));
        _job.Do(r => r.Stop("stop-2", [], "me"));
        _job.Do(r => r.Submit("op-9", _job.AService(2), null, "me"));
        Assert.All(_job.State.Tasks.Values, t => Assert.Equal(2, t.Attempt));
    }

    [Fact]
    public void Scaling_adds_and_removes_the_highest_instances()
    {
        _job.Run(_job.AService(2));
        _job.Place();
        _job.Do(r => r.Scale("s-1", 4, "me"));
        Assert.Equal([0, 1, 2, 3], _job.State.Tasks.Keys);
        var down = _job.Do(r => r.Scale("s-2", 1, "me"));
        Assert.Equal([1], down.Kills.Select(k => k.Instance));
        _job.Report(1, Killed, 3);
        Assert.Equal([0], _job.State.Tasks.Keys);
        _job.Do(r => r.Scale("s-3", 0, "me").Code("below-minimum"));
    }

    [Fact]
    public void Commands_to_a_job_that_does_not_exist_say_so() =>
        _job.Do(r =>
        {
            r.Scale("a", 2, "me").Code("job-not-found");
            r.Stop("b", [], "me").Code("job-not-found");
            r.Restart("c", [], "me").Code("job-not-found");
        });

    [Fact]
    public void A_snapshot_leads_to_the_same_state()
    {
        _job.Run(_job.AService(3));
        _job.Place();
        _job.Report(0, Running, 2);
        _job.Do(r => r.Scale("s-1", 5, "me"));
        var copy = new JobState(_job.State.Key);
        copy.Apply(_job.State.Snapshot());
        Assert.Equal(_job.State.Header, copy.Header);
        Assert.Equal(_job.State.Tasks.Values.Select(t => t with { History = [], Ports = [] }),
            copy.Tasks.Values.Select(t => t with { History = [], Ports = [] }));
        Assert.Equal(_job.State.Tasks[0].History, copy.Tasks[0].History);
        Assert.NotNull(copy.FindOperation("s-1"));
    }
}
