using Microsoft.Extensions.Hosting;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Maintenance of nodes in a real cell with simulated agents.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "prod", "web");
    private static readonly SlaPolicy CountOfOne = new(null, 1, TimeSpan.FromSeconds(1));
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-maintenance-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task M01_A_node_is_scheduled_drained_and_put_back()
    {
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        Assert.Equal(MaintenanceMode.Scheduled, (await Schedule(node, "m-1", new())).Value!.Mode);

        await cell.Submit(Service(2));   // it still takes tasks
        await Running(cell, 2);
        Assert.Equal("scheduled", (await node.Describe())!.Status);

        Assert.Equal(MaintenanceMode.Draining, (await node.Drain("m-2", "me")).Value!.Mode);
        await TestCell.Eventually(async () => (await node.Describe())!.Mode == MaintenanceMode.Drained, 30);
        Assert.Equal(2, agent.Killed.Distinct().Count());
        var history = (await cell.Job(Key).DescribeTask(0))!.History;
        Assert.Equal(
            ["RUNNING", "DRAINING", "KILLED", "PENDING"], history.TakeLast(4).Select(h => h.Status.ToName()));
        Assert.Equal("Draining machine for maintenance.", history[^3].Message);

        Assert.Equal(MaintenanceMode.None, (await node.Undrain("m-3", "me")).Value!.Mode);
        await Running(cell, 2);
    }

    [Fact]
    public async Task M02_A_node_without_tasks_is_drained_at_once()
    {
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        Assert.Equal(MaintenanceMode.Drained, (await node.Drain("m-1", "me")).Value!.Mode);
        await node.Undrain("m-2", "me");
        Assert.Equal(MaintenanceMode.Drained, (await Drain(node, "m-3", new() { DefaultSla = CountOfOne })).Value!.Mode);
    }

    [Fact]
    public async Task M03_A_node_that_nobody_knows_is_not_found()
    {
        await using var cell = await Start();
        var node = cell.Grains.GetGrain<INodeGrain>("nobody");
        Assert.Equal("node-not-found", (await node.Drain("m-1", "me")).Problem!.Code);
        Assert.Equal("node-not-found", (await Schedule(node, "m-2", new())).Problem!.Code);
        Assert.Null(await node.DescribeDrain());
    }

    [Fact]
    public async Task M04_A_node_that_is_put_back_before_it_is_empty_stays_in_service_whatever_ends_later()
    {
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        await cell.Submit(Service(2));
        await Running(cell, 2);
        agent.IgnoresKills = true;
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        await node.Drain("m-1", "me");
        await TestCell.Eventually(() => Task.FromResult(agent.Killed.Count >= 2), 20);
        Assert.Equal(MaintenanceMode.None, (await node.Undrain("m-2", "me")).Value!.Mode);

        agent.IgnoresKills = false;   // what was asked to stop before stops now, and comes back
        await TestCell.Eventually(async () => (await cell.Job(Key).ListTasks(0, 10)).All(t =>
            t is { Attempt: 2, Status: ScheduleStatus.Running }), 30);
        Assert.Equal(MaintenanceMode.None, (await node.Describe())!.Mode);

        // Said again late, the first request does not drain it anew.
        Assert.Equal(MaintenanceMode.None, (await node.Drain("m-1", "me")).Value!.Mode);
        Assert.Equal("idempotency-key-reused", (await Drain(node, "m-2", new() { DeadlineAfter = TimeSpan.Zero })).Problem!.Code);
    }

    [Fact]
    public async Task M04_A_coordinator_that_says_yes_when_the_node_is_back_in_service_stops_nothing()
    {
        using var isBack = new ManualResetEventSlim();
        var asked = 0;
        await using var coordinator = await LocalCoordinator.Start(_ =>
            Interlocked.Increment(ref asked) == 1 && isBack.Wait(TimeSpan.FromSeconds(5)));
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        await cell.Submit(Service(1) with { Sla = new(null, null, TimeSpan.Zero) { Coordinator = new(coordinator.Url, "may-go") } });
        await Running(cell, 1);
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        await Drain(node, "m-1", new() { DeadlineAfter = TimeSpan.FromHours(1) });
        await TestCell.Eventually(() => Task.FromResult(Volatile.Read(ref asked) == 1), 30);
        await node.Undrain("m-2", "me");
        isBack.Set();

        // It is asked about the next drain only when what follows from its first answer has been done.
        await Drain(node, "m-3", new() { DeadlineAfter = TimeSpan.FromHours(2) });
        await TestCell.Eventually(() => Task.FromResult(Volatile.Read(ref asked) >= 2), 30);
        Assert.Empty(agent.Killed);
    }

    [Fact]
    public async Task M05_A_count_lets_one_of_two_go_across_a_restart_of_the_cell_until_a_deadline_forces_the_other()
    {
        SimulatedNode agent;
        await using (var cell = await Start())
        {
            agent = await Node(cell, "n1");
            await cell.Submit(Service(2));
            await Running(cell, 2);
            await TestCell.Eventually(async () => (await cell.Job(Key).ListTasks(0, 10)).All(t =>
                DateTimeOffset.UtcNow - t.Since > TimeSpan.FromSeconds(1)), 10);
            var node = cell.Grains.GetGrain<INodeGrain>("n1");
            await Drain(node, "m-1", new() { DefaultSla = CountOfOne });
            await OneLeft(cell, node);
            await agent.Disconnect();
        }

        await using (var cell = await Start())
        {
            await agent.Connect(cell);
            var node = cell.Grains.GetGrain<INodeGrain>("n1");
            Assert.Equal(MaintenanceMode.Draining, (await node.Describe())!.Mode);
            await OneLeft(cell, node);

            await Drain(node, "m-2", new() { DefaultSla = CountOfOne, DeadlineAfter = TimeSpan.Zero });
            await cell.Until(Key, v => v.Counts.GetValueOrDefault("PENDING") == 2, 30);
            await TestCell.Eventually(async () => (await node.Describe())!.Mode == MaintenanceMode.Drained, 30);
            await node.Undrain("m-3", "me");
            await Running(cell, 2);
        }

        await agent.DisposeAsync();

        static async Task OneLeft(TestCell cell, INodeGrain node)
        {
            await cell.Until(Key, v => v.Counts.GetValueOrDefault("PENDING") == 1 && v.Counts.GetValueOrDefault("RUNNING") == 1, 30);
            DrainView? drain = null;
            await TestCell.Eventually(async () => (drain = await node.DescribeDrain()) is { Held.Length: 1, Leaving: 0 }, 30);
            Assert.Equal((MaintenanceMode.Draining, 1, "1 instance", Key), (drain!.Mode, drain.Tasks, drain.DefaultSla, drain.Held[0].Job));
            Assert.Contains("asks for 1", drain.Held[0].Reason);
            Assert.Equal(1, (await cell.Job(Key).Describe())!.Counts.GetValueOrDefault("RUNNING"));
        }
    }

    [Fact]
    public async Task M06_Fifty_percent_lets_one_of_two_go()
    {
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        await cell.Submit(Service(2) with { Sla = new(50, null, TimeSpan.Zero) });
        await Running(cell, 2);
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        await Drain(node, "m-1", new() { DeadlineAfter = TimeSpan.FromHours(1) });
        await TestCell.Eventually(async () => await node.DescribeDrain() is { Held.Length: 1, Tasks: 1, Deadline: not null }, 30);
        Assert.Equal(1, (await cell.Job(Key).Describe())!.Counts.GetValueOrDefault("RUNNING"));
    }

    [Fact]
    public async Task M06_With_a_coordinator_only_the_instance_that_it_lets_go_goes()
    {
        await using var coordinator = await LocalCoordinator.Start(task => task.EndsWith("/1", StringComparison.Ordinal));
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        await cell.Submit(Service(2) with { Sla = new(null, null, TimeSpan.Zero) { Coordinator = new(coordinator.Url, "may-go") } });
        await Running(cell, 2);
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        await Drain(node, "m-1", new() { DeadlineAfter = TimeSpan.FromHours(1) });

        await TestCell.Eventually(async () => await node.DescribeDrain() is { Tasks: 1 }, 30);
        var left = Assert.Single(await cell.Job(Key).ListTasks(0, 10), t => t.Status == ScheduleStatus.Running);
        Assert.Equal(0, left.Instance);
        await TestCell.Eventually(async () => (await node.DescribeDrain())!.Held is [{ Instance: 0 } held]
            && held.Reason.EndsWith("does not let it go.", StringComparison.Ordinal), 30);

        Assert.Contains("?task=cell/shop/prod/web/1", coordinator.Asked.Select(a => a.Query));
        var question = coordinator.Asked.First(a => a.Query.EndsWith("/1", StringComparison.Ordinal)).Body;
        Assert.Equal("cell/shop/prod/web/1", question.GetProperty("task").GetString());
        Assert.Equal(1, question.GetProperty("taskConfig").GetProperty("instance").GetInt32());
        Assert.InRange(question.GetProperty("forceMaintenanceCountdownMs").GetInt64(), 1, 3_600_000);
        Assert.Equal(1, coordinator.MostAtOnce);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[1]")]
    [InlineData("""{"may-go":"true"}""")]
    [InlineData("500")]
    [InlineData("slow")]
    public async Task M06_What_a_coordinator_does_not_say_clearly_is_a_no(string answer)
    {
        await using var coordinator = await LocalCoordinator.Start(_ => true, answer);
        await using var cell = await Start(b => b.Configuration["Cell:Maintenance:CoordinatorTimeout"] = "00:00:00.5");
        await using var agent = await Node(cell, "n1");
        await cell.Submit(Service(1) with { Sla = new(null, null, TimeSpan.Zero) { Coordinator = new(coordinator.Url, "may-go") } });
        await Running(cell, 1);
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        await Drain(node, "m-1", new() { DeadlineAfter = TimeSpan.FromHours(1) });
        await TestCell.Eventually(() => Task.FromResult(coordinator.Asked.Count >= 2), 30);   // refused for now, and asked again
        Assert.Equal(1, (await node.DescribeDrain())!.Tasks);
        Assert.Empty(agent.Killed);
    }

    [Fact]
    public async Task A_window_drains_a_node_and_puts_it_back_by_itself()
    {
        await using var cell = await Start();
        await using var agent = await Node(cell, "n1");
        await cell.Submit(Service(1));
        await Running(cell, 1);
        var node = cell.Grains.GetGrain<INodeGrain>("n1");
        var now = DateTimeOffset.UtcNow;
        await Schedule(node, "m-1", new() { From = now.AddSeconds(1), Until = now.AddSeconds(6) });
        Assert.Equal(MaintenanceMode.Scheduled, (await node.Describe())!.Mode);
        await TestCell.Eventually(async () => (await node.Describe())!.Mode == MaintenanceMode.Drained, 5);
        Assert.Equal(now.AddSeconds(6), (await node.DescribeDrain())!.Until);
        await TestCell.Eventually(async () => (await node.Describe())!.Mode == MaintenanceMode.None, 20);
        await Running(cell, 1);
        Assert.Equal(2, agent.Started.Count);
    }

    [Fact]
    public async Task Two_nodes_that_drain_at_once_leave_what_the_SLA_promises_and_both_get_empty()
    {
        await using var cell = await Start();
        await using var first = await Node(cell, "n1");
        await cell.Submit(Service(4) with { Sla = new(null, 3, TimeSpan.Zero), Constraints = [new Constraint.Limit("zone", 2)] });
        await using var second = await Node(cell, "n2");
        await Running(cell, 4);
        await using var third = await Node(cell, "n3");
        await using var fourth = await Node(cell, "n4");

        var least = 4;
        var request = new MaintenanceRequest { DeadlineAfter = TimeSpan.FromHours(1) };
        await Task.WhenAll(
            Drain(cell.Grains.GetGrain<INodeGrain>("n1"), "m-1", request), Drain(cell.Grains.GetGrain<INodeGrain>("n2"), "m-2", request));
        await TestCell.Eventually(async () =>
        {
            least = Math.Min(least, (await cell.Job(Key).Describe())!.Counts.GetValueOrDefault("RUNNING"));
            return (await cell.Ledger.ListNodes()).Count(n => n.Mode == MaintenanceMode.Drained) == 2;
        }, 60);
        Assert.InRange(least, 3, 4);
    }

    private Task<TestCell> Start(Action<IHostApplicationBuilder>? configure = null) => TestCell.Start(_directory, builder =>
    {
        builder.Configuration["Cell:Maintenance:AskEvery"] = "00:00:00.2";
        configure?.Invoke(builder);
    });

    private static Task<SimulatedNode> Node(TestCell cell, string id) =>
        SimulatedNode.Start(cell, SimulatedNode.Describe(id, attributes: ("zone", id)), _ => ScheduleStatus.Running);

    private static Task<Answer<NodeView>> Drain(INodeGrain node, string operation, MaintenanceRequest request) =>
        node.Maintain(new MaintenanceCommand { OperationId = operation, Actor = "me", Request = request });

    private static Task<Answer<NodeView>> Schedule(INodeGrain node, string operation, MaintenanceRequest request) =>
        node.Maintain(new MaintenanceCommand { OperationId = operation, Actor = "me", Request = request, IsSchedule = true });

    private static Task<JobView> Running(TestCell cell, int count) => cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == count);

    private static JobSpec Service(int instances) => new()
    {
        Key = Key,
        Type = JobType.Service,
        Tier = Tier.Preferred,
        Instances = instances,
        Task = new TaskSpec { Command = ["run"], Resources = new Resources(100, 64, 0, 0) },
    };
}
