using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class CellTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "test", "big");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-cell-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_thousand_instances_on_twenty_nodes_finish_and_the_ledger_always_adds_up()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var nodes = await Nodes.Start(cell, 20, _ => ScheduleStatus.Finished);
        await cell.Submit(ABatch(1000));

        JobView view;
        do
        {
            view = (await cell.Job(Key).Describe())!;
            var live = view.Counts.Where(c => c.Key is "ASSIGNED" or "STARTING" or "RUNNING").Sum(c => c.Value);
            var views = await cell.Ledger.ListNodes();
            Assert.All(views, n => Assert.True(n.Used.FitsInto(n.Description.Capacity)));
            Assert.All(views, n => Assert.Equal(ABatch(1).Task.Resources * n.Tasks, n.Used));

            // Reserved before it is assigned, released after it ended: the ledger counts every live task, whenever one looks.
            var after = (await cell.Job(Key).Describe())!.Counts.GetValueOrDefault("FINISHED");
            Assert.True(views.Sum(n => n.Tasks) >= live - (after - view.Counts.GetValueOrDefault("FINISHED")));
        }
        while (view.Phase != JobPhase.Finished && view.Phase != JobPhase.Failed);

        Assert.Equal(1000, view.Counts["FINISHED"]);
        await TestCell.Eventually(async () => (await cell.Ledger.Summarise()).Placed == 0, 10);
        Assert.Equal(Resources.None, (await cell.Ledger.Summarise()).Used);
        Assert.Equal(1000, nodes.Started.Count);
        Assert.Equal(1000, nodes.Started.Distinct().Count());
    }

    [Fact]
    public async Task From_submit_to_finished_calls_activations_and_writes_are_below_one_a_task()
    {
        var writes = new WriteCounter();
        await using var cell = await TestCell.Start(_directory, builder => writes.Wrap(builder.Services));
        await using var nodes = await Nodes.Start(cell, 20, _ => ScheduleStatus.Finished);
        await cell.Ledger.Wake();
        cell.Calls.Reset();
        writes.Reset();

        await cell.Submit(ABatch(1000));
        await cell.Until(Key, v => v.Phase == JobPhase.Finished);

        Assert.InRange(cell.Calls.Total, 1, 999);
        Assert.InRange(cell.Calls.Grains, 1, 999);
        Assert.InRange(writes.Count, 1, 999);
        TestContext.Current.SendDiagnosticMessage("1,000 tasks: {0} calls of {1} grains, {2} writes: {3}", cell.Calls.Total,
            cell.Calls.Grains, writes.Count,
            string.Join(", ", cell.Calls.ByMethod.OrderByDescending(c => c.Value).Select(c => $"{c.Key} {c.Value}")));
    }

    [Fact]
    public async Task One_submit_repeated_by_many_gives_one_job_and_another_spec_under_its_key_is_refused()
    {
        await using var cell = await TestCell.Start(_directory);
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => cell.Submit(ABatch(3))));
        Assert.All(answers, a => Assert.Equal(("created", 1), (a.Value!.Outcome, a.Value.Version)));
        Assert.Equal("idempotency-key-reused", (await cell.Submit(ABatch(4))).Problem!.Code);
        Assert.Equal(1, await cell.Grains.GetGrain<IJobIndexGrain>(JobIndex.ShardOf(Key)).Count());
    }

    [Fact]
    public async Task A_restarted_cell_goes_on_where_it_was_and_starts_nothing_twice()
    {
        var mayFinish = false;
        SimulatedNode node;
        await using (var cell = await TestCell.Start(_directory))
        {
            node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1", cpu: 5_000), _ =>
                mayFinish ? ScheduleStatus.Finished : ScheduleStatus.Running);
            await cell.Submit(ABatch(100));
            await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 50);
            await node.Disconnect();
        }

        mayFinish = true;
        await using (var cell = await TestCell.Start(_directory))
        {
            await node.Connect(cell);
            var view = await cell.Until(Key, v => v.Phase == JobPhase.Finished);
            Assert.Equal(100, view.Counts["FINISHED"]);
            Assert.Equal(100, node.Started.Distinct().Count());
            Assert.Equal(100, node.Started.Count);
            Assert.All(await cell.Job(Key).ListTasks(0, 1000), t => Assert.Equal((1, 0), (t.Attempt, t.ExitCode)));
            await TestCell.Eventually(async () => (await cell.Ledger.Summarise()).Placed == 0, 10);
        }

        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_silent_node_loses_its_tasks_to_another_and_gets_them_killed_when_it_returns()
    {
        await using var cell = await TestCell.Start(_directory, b => b.Configuration["Cell:UnreachableAfter"] = "00:00:02");
        var first = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await cell.Submit(AService(2));
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
        await first.Disconnect();

        await using var second = await SimulatedNode.Start(cell, SimulatedNode.Describe("n2"), _ => ScheduleStatus.Running);
        await TestCell.Eventually(async () =>
            (await cell.Job(Key).ListTasks(0, 10)).All(t => t is { Node: "n2", Status: ScheduleStatus.Running }), 30);
        Assert.Equal("unreachable", (await cell.Grains.GetGrain<INodeGrain>("n1").Describe())!.Status);

        var answer = await cell.Grains.GetGrain<INodeGrain>("n1").Register(SimulatedNode.Describe("n1"),
            [new AttemptReport { Attempt = new(Key, 0, 1), Sequence = 2, Status = ScheduleStatus.Running }], 0,
            cell.Grains.CreateObjectReference<IAgentSession>(second));
        Assert.Equal([new AttemptId(Key, 0, 1)], answer.Value!.Unknown);
    }

    [Fact]
    public async Task A_gateway_that_asks_again_for_the_same_session_is_told_the_same()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await node.Disconnect();
        var grain = cell.Grains.GetGrain<INodeGrain>("n1");
        var (session, another) = (Reference(), Reference());

        var first = (await Register(session)).Generation;
        Assert.Equal(first, (await Register(session)).Generation);
        Assert.True((await grain.Heartbeat(first, 0)).Known);

        Assert.Equal(first + 1, (await Register(another)).Generation);
        Assert.False((await grain.Heartbeat(first, 0)).Known);

        IAgentSession Reference() => cell.Grains.CreateObjectReference<IAgentSession>(node);
        async Task<RegisterReceipt> Register(IAgentSession by) => (await grain.Register(SimulatedNode.Describe("n1"), [], 0, by)).Value!;
    }

    [Fact]
    public async Task An_owner_that_was_replaced_ends_nothing_that_it_does_not_know()
    {
        await using var cell = await TestCell.Start(_directory);
        await cell.Submit(AService(1));
        var job = cell.Job(Key);
        var report = new NodeReport
        {
            Node = "n1",
            Reports = [new AttemptReport { Attempt = new(Key, 0, 7), Sequence = 1, Status = ScheduleStatus.Starting }],
        };
        Assert.Equal([new AttemptRef(0, 7)], (await job.Report(report)).Unknown);

        // Another activation, which may have made the attempt meanwhile.
        await cell.Services.GetRequiredService<JournalFactory>().For<JobChange, JobChange>(((IAddressable)job).GetGrainId())
            .Open(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<Exception>(() => job.Report(report));

        // Whoever owns the job now knows.
        await TestCell.Eventually(async () =>
        {
            try
            {
                return (await job.Report(report)).Unknown.Length == 1;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                return false;
            }
        }, 20);
    }

    [Fact]
    public async Task What_is_on_its_way_to_a_session_that_is_over_is_sent_to_the_next_one_at_once()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        node.LosesCommands = true;
        await cell.Submit(AService(1));
        await TestCell.Eventually(() => Task.FromResult(node.LostCommands > 0), 20);
        var lost = Stopwatch.StartNew();

        node.LosesCommands = false;
        await node.Connect();
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 1);

        // A call that nobody answers fails after ten seconds.
        Assert.True(lost.Elapsed < TimeSpan.FromSeconds(9), $"{lost.Elapsed}");
    }

    [Fact]
    public async Task A_node_that_registers_while_it_is_being_lost_is_back_for_everybody()
    {
        var writes = new WriteCounter();
        await using var cell = await StartCounted(writes, unreachableAfter: 3);
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        writes.Hold("node/n1");
        await node.Disconnect();
        await TestCell.Eventually(() => Task.FromResult(writes.Waiting == 1), 20);   // that it is lost

        var connecting = node.Connect();
        await cell.Grains.GetGrain<INodeGrain>("n1").Describe();   // is answered behind the start of the registration
        writes.Release();

        // One that is refused because of the other is said to the agent, which registers again.
        if (await Record.ExceptionAsync(() => connecting) is not null) await node.Connect();
        await TestCell.Eventually(async () => (await cell.Ledger.ListNodes()).Single().Status == "ready", 5);
    }

    [Fact]
    public async Task A_node_is_lost_also_when_its_owner_does_not_hear_that_this_was_written()
    {
        var writes = new WriteCounter();
        await using var cell = await StartCounted(writes, unreachableAfter: 2);
        await using var first = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await cell.Submit(AService(1));
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        await using var second = await SimulatedNode.Start(cell, SimulatedNode.Describe("n2"), _ => ScheduleStatus.Running);

        writes.Silence("node/n1");
        await first.Disconnect();

        await TestCell.Eventually(() => Task.FromResult(second.Started.Count == 1), 30, () => "its task is not started elsewhere");
        Assert.Equal("unreachable", (await cell.Grains.GetGrain<INodeGrain>("n1").Describe())!.Status);
    }

    [Fact]
    public async Task A_lost_node_whose_registration_takes_long_is_back_for_everybody()
    {
        var writes = new WriteCounter();
        await using var cell = await StartCounted(writes, unreachableAfter: 2);
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await using var clock = await SimulatedNode.Start(cell, SimulatedNode.Describe("n2"), _ => ScheduleStatus.Running);
        await node.Disconnect();
        await TestCell.Eventually(() => Is("n1", "unreachable"), 20);

        writes.Hold("node/n1");
        var connecting = node.Connect();
        await clock.Disconnect();
        await TestCell.Eventually(() => Is("n2", "unreachable"), 20);   // so n1 has looked around at least once, too
        Assert.Equal(1, writes.Waiting);
        writes.Release();
        await connecting;
        await TestCell.Eventually(() => Is("n1", "ready"), 5);

        async Task<bool> Is(string id, string status) =>
            (await cell.Ledger.ListNodes()).Single(n => n.Description.Id == id).Status == status;
    }

    [Fact]
    public async Task A_job_that_hears_of_a_loss_when_the_node_is_back_hears_of_its_tasks_again()
    {
        await using var cell = await TestCell.Start(_directory, builder => builder.Configuration["Cell:ResendAfter"] = "00:00:01");
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await cell.Submit(AService(1));
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 1);

        // As an owner of the node would say that another one has replaced by now, to a job that has been moved.
        var generation = (await cell.Grains.GetGrain<INodeGrain>("n1").Describe())!.Generation;
        await cell.Job(Key).NodeChanged(new NodeNews("n1", Reachable: false, Draining: false, generation));
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 1, seconds: 20);
        Assert.Contains((await cell.Job(Key).DescribeTask(0))!.History, e => e.Status == ScheduleStatus.Partitioned);
        Assert.Single(node.Started);
    }

    [Fact]
    public async Task A_drained_node_is_emptied_and_gets_nothing_until_it_is_back()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var first = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await cell.Submit(AService(3));
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 3);
        await using var second = await SimulatedNode.Start(cell, SimulatedNode.Describe("n2"), _ => ScheduleStatus.Running);

        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        Assert.Equal(MaintenanceMode.Draining, (await node.Drain("d-1", "me")).Value!.Mode);
        await TestCell.Eventually(async () =>
            (await cell.Job(Key).ListTasks(0, 10)).All(t => t is { Node: "n2", Status: ScheduleStatus.Running }), 30);
        await TestCell.Eventually(async () => (await node.Describe())!.Status == "drained", 30);
        Assert.Equal("ready", (await node.Undrain("d-2", "me")).Value!.Status);
    }

    [Fact]
    public async Task A_job_that_fits_nowhere_waits_and_says_why()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1", cpu: 500), _ => ScheduleStatus.Running);
        await cell.Submit(AService(1) with { Task = AService(1).Task with { Resources = new Resources(4000, 64, 0, 0) } });
        await TestCell.Eventually(async () => await cell.Ledger.Explain(Key) is { Groups.Length: 1 }, 10);
        var group = (await cell.Ledger.Explain(Key))!.Groups[0];
        Assert.Equal((Reasons.InsufficientCpu, 1), (group.Reasons[0].Code, group.Reasons[0].Nodes));
        Assert.Equal(new NearestMiss("n1", "cpu", "4", "0.5"), group.Nearest);
    }

    [Fact]
    public async Task Events_can_be_followed_by_cursor_without_gap_or_repeat()
    {
        await using var cell = await TestCell.Start(_directory);
        await using var nodes = await Nodes.Start(cell, 2, _ => ScheduleStatus.Finished);
        await cell.Submit(ABatch(20));
        await cell.Until(Key, v => v.Phase == JobPhase.Finished);

        var feed = cell.Grains.GetGrain<IEventFeedGrain>(IEventFeedGrain.Id);
        var seen = new List<EventView>();
        string? cursor = null;
        await TestCell.Eventually(async () =>
        {
            var page = (await feed.Read(cursor, 7, TimeSpan.FromMilliseconds(100))).Value!;
            (cursor, _) = (page.Cursor, 0);
            seen.AddRange(page.Events);
            return seen.Count(e => e.Status == "FINISHED") == 20;
        }, 10);
        Assert.Equal(seen.Count, seen.Select(e => e.Cursor).Distinct().Count());
        Assert.Equal(100, seen.Count(e => e.Kind == "task"));
        Assert.Equal("cursor-expired", (await feed.Read("00000000-5", 1, TimeSpan.Zero)).Problem!.Code);
        Assert.Equal("bad-cursor", (await feed.Read("x", 1, TimeSpan.Zero)).Problem!.Code);
    }

    private Task<TestCell> StartCounted(WriteCounter writes, int unreachableAfter) => TestCell.Start(_directory, builder =>
    {
        builder.Configuration["Cell:UnreachableAfter"] = TimeSpan.FromSeconds(unreachableAfter).ToString();
        writes.Wrap(builder.Services);
    });

    private static JobSpec ABatch(int instances) => new()
    {
        Key = Key,
        Type = JobType.Batch,
        Instances = instances,
        Task = new TaskSpec { Command = ["true"], Resources = new Resources(100, 64, 0, 0) },
    };

    private static JobSpec AService(int instances) => ABatch(instances) with { Type = JobType.Service };
}
