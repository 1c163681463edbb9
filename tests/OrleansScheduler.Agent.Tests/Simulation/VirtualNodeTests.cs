using Microsoft.Extensions.Time.Testing;
using Resources = OrleansScheduler.Core.Resources;

namespace OrleansScheduler.Agent.Tests;

public sealed class VirtualNodeTests
{
    private const string Job = "sim0/test/load";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly SimulatedJobs _jobs;
    private readonly TimerWheel _wheel;
    private readonly VirtualNode _node;

    public VirtualNodeTests()
    {
        (_jobs, _wheel) = (new(_time), new(_time));
        _jobs.Add(Job, instances: 4, Duration, new(1000, 64, 0, 0), role: 0).SubmittedAt = 1;
        _node = Node(0);
    }

    [Fact]
    public void A_launched_task_runs_for_its_time_and_is_forgotten_when_the_cell_knows_its_end()
    {
        Launch(_node, number: 1);
        Assert.Equal((Status.Running, 2), Acknowledge(_node));
        Assert.Equal((1, 0, new Resources(1000, 64, 0, 0)), (_jobs.EverRunning, _jobs.Finished, _jobs.UsedByRole()[0]));

        Pass(Duration - TimeSpan.FromSeconds(1));
        Assert.Null(Reports(_node));
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal((Status.Finished, 3), Acknowledge(_node));
        Assert.Equal((1, 1, 0, Resources.None), (_jobs.EverRunning, _jobs.Finished, _node.Count, _jobs.UsedByRole()[0]));
        Assert.Equal(0UL, BeatOf(_node).Digest);
    }

    [Fact]
    public void A_report_is_repeated_until_it_is_acknowledged()
    {
        Launch(_node, number: 1);
        Assert.NotNull(Reports(_node));
        Assert.Null(Reports(_node));
        Assert.True(_node.Hear(new() { Acks = new() }));
        Assert.Null(Reports(_node));
        Pass(TimeSpan.FromSeconds(1.1));
        Assert.Equal((Status.Running, 2), Acknowledge(_node));
        Pass(TimeSpan.FromSeconds(1.1));
        Assert.Null(Reports(_node));
    }

    [Fact]
    public void An_attempt_never_starts_again_where_it_has_run()
    {
        Launch(_node, number: 1);
        Acknowledge(_node);
        Launch(_node, number: 1);
        Assert.Equal((Status.Running, 2), Acknowledge(_node));
        Pass(Duration + TimeSpan.FromSeconds(1));
        Acknowledge(_node);
        Launch(_node, number: 1);
        Assert.Null(Reports(_node));
        Assert.Equal((1, 0), (_jobs.RefusedCommands, _jobs.DuplicatedRuns));
    }

    [Theory]
    [InlineData(6, 1)]
    [InlineData(7, 0)]
    public void Commands_of_who_has_been_replaced_are_refused(long generation, long epoch)
    {
        Launch(_node, number: 1, epoch: 1);
        Acknowledge(_node);
        Launch(_node, number: 2, generation, epoch);
        Assert.Null(Reports(_node));
        Assert.Equal(1, _jobs.RefusedCommands);
    }

    [Fact]
    public void A_launch_that_comes_after_its_kill_starts_nothing()
    {
        Kill(_node, number: 1);
        Assert.Equal((Status.Killed, 3), Acknowledge(_node));
        Launch(_node, number: 1);
        Assert.Null(Reports(_node));
        Assert.Equal(0, _jobs.EverRunning);
    }

    [Fact]
    public void An_instance_in_two_places_is_noticed()
    {
        var other = Node(1);
        Launch(_node, number: 1);
        Kill(_node, number: 1);
        Launch(other, number: 2);
        Assert.Equal(0, _jobs.DuplicatedRuns);
        Launch(Node(2), number: 3);
        Assert.Equal(1, _jobs.DuplicatedRuns);
        Launch(Node(3), number: 3);
        Assert.True(_jobs.DuplicatedRuns > 1);
    }

    [Fact]
    public void A_cell_that_knows_something_else_is_told_everything()
    {
        Launch(_node, number: 1, job: "somebody/test/service");
        Acknowledge(_node);
        _ = BeatOf(_node);
        Assert.True(_node.Hear(new() { HeartbeatReply = new() { Known = true, InSync = false } }));
        var reports = Reports(_node);
        Assert.True(reports is { Full: true, Reports_: [{ Status: Status.Running }] });
    }

    [Fact]
    public void Attempts_that_no_job_wants_end_without_a_report()
    {
        Launch(_node, number: 1);
        Acknowledge(_node);
        var unknown = new Contracts.Protocol.Attempt { Job = Job, Instance = 0, Number = 1 };
        _node.Hear(new() { Commands = new() { Generation = 7, Unknown = { unknown } } });
        Assert.Null(Reports(_node));
        Assert.Equal((0, Resources.None), (_node.Count, _jobs.UsedByRole()[0]));
    }

    [Fact]
    public void A_session_that_the_cell_does_not_know_is_over() =>
        Assert.False(_node.Hear(new() { HeartbeatReply = new() { Known = false } }));

    [Fact]
    public void What_has_not_run_is_missing()
    {
        Launch(_node, number: 1);
        Assert.Equal(3, _jobs.All.Single().Missing());
    }

    [Fact]
    public void The_same_seed_gives_the_same_fates_and_the_rates_that_were_asked_for()
    {
        var job = _jobs.Add("sim0/test/many", 5000, TimeSpan.FromSeconds(10), Resources.None, role: 0);
        var model = new VirtualTaskModel { Seed = 3, FailureRate = 0.2, Spread = 0.5 };
        var fates = Enumerable.Range(0, 5000).Select(i => model.Of(job, i, 1)).ToList();
        Assert.Equal(fates, Enumerable.Range(0, 5000).Select(i => model.Of(job, i, 1)));
        Assert.NotEqual(fates, Enumerable.Range(0, 5000).Select(i => (model with { Seed = 4 }).Of(job, i, 1)));
        Assert.InRange(fates.Count(fate => fate.Fails), 850, 1150);
        Assert.All(fates, fate => Assert.InRange(fate.Duration!.Value.TotalSeconds, 5, 15));
    }

    private VirtualNode Node(int index)
    {
        var description = new NodeDescription { Id = $"sim-{index}", Host = "simulated", Capacity = new(4000, 4096, 0, 0) };
        var node = new VirtualNode(index, description, _jobs, new(), _wheel, _time);
        Assert.Equal(description.Id, node.Register().NodeId);
        node.Begin(new() { Generation = 7, HeartbeatMillis = 30_000 });
        return node;
    }

    private void Pass(TimeSpan time)
    {
        _time.Advance(time);
        _wheel.Advance();
    }

    private static void Launch(VirtualNode node, int number, long generation = 7, long epoch = 1, string job = Job) => node.Hear(new()
    {
        Commands = new()
        {
            Generation = generation,
            Launches =
            {
                new Launch { Job = job, LedgerEpoch = epoch, Attempts = { new LaunchAttempt { Instance = 0, Number = number } } },
            },
        },
    });

    private static void Kill(VirtualNode node, int number) => node.Hear(new()
    {
        Commands = new()
        {
            Generation = 7,
            Kills = { new Kill { Job = Job, LedgerEpoch = 1, Attempts = { new KillAttempt { Instance = 0, Number = number } } } },
        },
    });

    private static Reports? Reports(VirtualNode node) => node.Next()?.Reports;

    private Heartbeat BeatOf(VirtualNode node)
    {
        Pass(TimeSpan.FromSeconds(30.5));
        return node.Next()!.Heartbeat;
    }

    private static (Status Status, long Sequence) Acknowledge(VirtualNode node)
    {
        var report = Assert.Single(Reports(node)!.Reports_);
        node.Hear(new() { Acks = new() { Acks_ = { new Ack { Attempt = report.Attempt, Sequence = report.Sequence } } } });
        return (report.Status, report.Sequence);
    }
}
