using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>Strict tasks on nodes that fall silent.</summary>
public sealed class StrictTests : IDisposable
{
    private static readonly JobKey Key = new("shop", "test", "only");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-strict-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task S3_a_strict_task_is_replaced_only_after_the_lease_of_its_node_has_surely_ended()
    {
        await using var cell = await TestCell.Start(_directory, builder =>
        {
            builder.Configuration["Cell:UnreachableAfter"] = "00:00:03";
            builder.Configuration["Cell:Lease"] = "00:00:06";
        });
        await using var first = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await cell.Submit(new JobSpec
        {
            Key = Key,
            Type = JobType.Service,
            Instances = 2,
            Task = new TaskSpec { Command = ["run"] },
            Partition = new PartitionPolicy { Strict = true },
        });
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
        await TestCell.Eventually(() => Task.FromResult(first.Lease == TimeSpan.FromSeconds(6)), 20);
        await using var second = await SimulatedNode.Start(cell, SimulatedNode.Describe("n2"), _ => ScheduleStatus.Running);
        var silentSince = System.Diagnostics.Stopwatch.GetTimestamp();
        await first.Disconnect();

        await cell.Until(Key, v => v.Counts.GetValueOrDefault("PARTITIONED") == 2);
        await cell.Until(Key, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(silentSince) > TimeSpan.FromSeconds(6));
        Assert.Equal(2, second.Started.Count);
    }

    [Fact]
    public async Task A_strict_task_is_not_sent_to_a_node_whose_lease_has_run_out()
    {
        await using var cell = await TestCell.Start(_directory, builder => builder.Configuration["Cell:Lease"] = "00:00:03");
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        await TestCell.Eventually(() => Task.FromResult(node.Lease > TimeSpan.Zero), 20);
        var grain = cell.Grains.GetGrain<INodeGrain>("n1");
        var batch = new LaunchBatch
        {
            Job = Key,
            Specs = ImmutableSortedDictionary<int, TaskSpec>.Empty.Add(1, new TaskSpec { Command = ["run"] }),
            Attempts = [new LaunchAttempt(new(0, 1), 1, []) { Strict = true, Generation = (await grain.Describe())!.Generation }],
        };
        Assert.True((await grain.Launch(batch)).Sent);

        // It counts as there for 15 s; without a word of it, its lease ends long before.
        await node.Disconnect();
        await TestCell.Eventually(async () => !(await grain.Launch(batch)).Sent, 10);
        Assert.Equal("ready", (await grain.Describe())!.Status);
    }

    [Fact]
    public async Task Another_agent_gets_a_nodes_name_only_when_the_tasks_of_the_first_are_surely_gone()
    {
        await using var cell = await TestCell.Start(_directory, builder =>
        {
            builder.Configuration["Cell:UnreachableAfter"] = "00:00:03";
            builder.Configuration["Cell:Lease"] = "00:00:03";
        });
        var description = SimulatedNode.Describe("n1") with { AgentId = "one" };
        await using var first = await SimulatedNode.Start(cell, description, _ => ScheduleStatus.Running);
        var (grain, session) = (cell.Grains.GetGrain<INodeGrain>("n1"), cell.Grains.CreateObjectReference<IAgentSession>(first));
        var other = description with { AgentId = "two" };
        Assert.Equal("node-id-in-use", (await grain.Register(other, [], 0, session)).Problem?.Code);
        await first.Connect();

        await first.Disconnect();
        await TestCell.Eventually(async () => (await grain.Register(other, [], 0, session)).Problem is null, 30);
        Assert.Equal("two", (await grain.Describe())!.Description.AgentId);
        Assert.Equal("node-id-in-use", (await grain.Register(description, [], 0, session)).Problem?.Code);
    }

    [Fact]
    public async Task What_was_placed_on_a_node_before_its_loss_is_not_started_there_after_its_return()
    {
        await using var cell = await TestCell.Start(_directory, builder => builder.Configuration["Cell:UnreachableAfter"] = "00:00:03");
        await using var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1"), _ => ScheduleStatus.Running);
        var grain = cell.Grains.GetGrain<INodeGrain>("n1");
        var old = (await grain.Describe())!.Generation;
        await node.Disconnect();
        await TestCell.Eventually(async () => (await grain.Describe())!.Status == "unreachable", 20);
        await node.Connect();

        var batch = new LaunchBatch
        {
            Job = Key,
            Specs = ImmutableSortedDictionary<int, TaskSpec>.Empty.Add(1, new TaskSpec { Command = ["run"] }),
            Attempts = [new LaunchAttempt(new(0, 1), 1, []) { Generation = old }],
        };
        var answer = await grain.Launch(batch);
        Assert.Equal([new AttemptRef(0, 1)], answer.Gone);
        Assert.Empty(node.Started);
    }
}
