using Microsoft.Extensions.DependencyInjection;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class PreemptionTests : IDisposable
{
    private static readonly JobKey Batch = new("crunch", "prod", "batch");
    private static readonly JobKey Vip = new("shop", "prod", "vip");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-preempt-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_preferred_job_gets_the_node_of_a_preemptible_one_when_that_has_really_ended()
    {
        await using var cell = await Start();
        await using var node = await FilledNode(cell);
        await cell.Submit(ASpec(Vip, 1, Tier.Preferred));

        var victim = await Victim(cell);
        Assert.Equal("Preempting in favor of shop/prod/vip/0", victim.Message);
        var explained = await cell.Ledger.Explain(Vip);
        Assert.Equal(Reasons.Preempting, Assert.Single(explained!.Groups).Held?.Code);
        Assert.Equal(2, (await cell.Ledger.ListNodes())[0].Tasks);

        node.IgnoresKills = false;
        await cell.Until(Vip, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        Assert.Equal("n1", (await cell.Job(Vip).DescribeTask(0))!.Node);
        Assert.True((await cell.Ledger.ListNodes())[0].Used.FitsInto(new Resources(2000, 65_536, 65_536, 0)));

        // The successor waits, and nothing else was stopped.
        var left = await cell.Job(Batch).ListTasks(0, 10);
        Assert.Equal((2, ScheduleStatus.Pending), (left[victim.Instance].Attempt, left[victim.Instance].Status));
        Assert.Equal((1, ScheduleStatus.Running), (left[1 - victim.Instance].Attempt, left[1 - victim.Instance].Status));
    }

    [Fact]
    public async Task A_promise_outlives_the_ledger_that_made_it()
    {
        await using var cell = await Start();
        await using var node = await FilledNode(cell);
        await cell.Submit(ASpec(Vip, 1, Tier.Preferred));
        await Victim(cell);
        var other = new JobKey("aaa", "prod", "first");
        await cell.Submit(ASpec(other, 1, Tier.Preemptible));

        await cell.MoveLedger();
        Assert.Equal(Reasons.Preempting, (await cell.Ledger.Explain(Vip))!.Groups[0].Held?.Code);
        node.IgnoresKills = false;

        // Neither the victim's successor nor a role that has nothing yet gets what was promised.
        await cell.Until(Vip, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        Assert.Equal(1, (await cell.Job(other).Describe())!.Counts["PENDING"]);
        Assert.Equal(2, (await cell.Ledger.ListNodes())[0].Tasks);
    }

    [Fact]
    public async Task Victims_that_were_not_told_are_told_by_the_next_ledger()
    {
        var gate = new PreemptGate { Closed = true };
        await using var cell = await Start(services => services.AddSingleton<IIncomingGrainCallFilter>(gate));
        await using var node = await FilledNode(cell);
        await cell.Submit(ASpec(Vip, 1, Tier.Preferred));
        await TestCell.Eventually(() => Task.FromResult(gate.Refused > 0), 30);

        gate.Closed = false;
        await cell.MoveLedger();
        await Victim(cell);
        node.IgnoresKills = false;
        await cell.Until(Vip, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
    }

    [Fact]
    public async Task When_the_job_that_was_promised_a_node_is_stopped_the_next_in_line_gets_it()
    {
        await using var cell = await Start();
        await using var node = await FilledNode(cell);
        await cell.Submit(ASpec(Vip, 1, Tier.Preferred));
        var victim = await Victim(cell);

        await cell.Job(Vip).Stop(new InstancesCommand("stop-1", [], "test"));
        await TestCell.Eventually(async () => await cell.Ledger.Explain(Vip) is null, 20);
        node.IgnoresKills = false;
        await TestCell.Eventually(async () =>
            await cell.Job(Batch).DescribeTask(victim.Instance) is { Attempt: 2, Status: ScheduleStatus.Running }, 30);
        Assert.DoesNotContain(node.Started, a => a.Job == Vip);
    }

    [Fact]
    public async Task When_the_node_is_lost_the_promise_goes_with_it()
    {
        await using var cell = await Start();
        var node = await FilledNode(cell);
        await cell.Submit(ASpec(Vip, 1, Tier.Preferred));
        await Victim(cell);

        await using var second = await SimulatedNode.Start(cell, SimulatedNode.Describe("n2", cpu: 1000), _ => ScheduleStatus.Running);
        await node.DisposeAsync();
        await cell.Until(Vip, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        Assert.Equal("n2", (await cell.Job(Vip).DescribeTask(0))!.Node);
    }

    private Task<TestCell> Start(Action<IServiceCollection>? services = null) => TestCell.Start(_directory, builder =>
    {
        builder.Configuration["Cell:Ledger:PreemptAfter"] = "00:00:00";
        builder.Configuration["Cell:UnreachableAfter"] = "00:00:04";
        services?.Invoke(builder.Services);
    });

    /// <summary>A node for two, with two that may be preempted and do not end when they are told to.</summary>
    private static async Task<SimulatedNode> FilledNode(TestCell cell)
    {
        var node = await SimulatedNode.Start(cell, SimulatedNode.Describe("n1", cpu: 2000), _ => ScheduleStatus.Running);
        node.IgnoresKills = true;
        await cell.Submit(ASpec(Batch, 2, Tier.Preemptible));
        await cell.Until(Batch, v => v.Counts.GetValueOrDefault("RUNNING") == 2);
        return node;
    }

    private static async Task<TaskView> Victim(TestCell cell)
    {
        await cell.Until(Batch, v => v.Counts.GetValueOrDefault("PREEMPTING") == 1);
        return Assert.Single(await cell.Job(Batch).ListTasks(0, 10), t => t.Status == ScheduleStatus.Preempting);
    }

    private static JobSpec ASpec(JobKey key, int instances, Tier tier) => new()
    {
        Key = key,
        Type = JobType.Service,
        Instances = instances,
        Tier = tier,
        Task = new TaskSpec { Command = ["true"], Resources = new Resources(1000, 64, 0, 0) },
    };

    /// <summary>Loses what the ledger says to victims, as a silo that dies would.</summary>
    private sealed class PreemptGate : IIncomingGrainCallFilter
    {
        private int _refused;

        public bool Closed { get; set; }

        public int Refused => Volatile.Read(ref _refused);

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (!Closed || context.MethodName != nameof(IJobGrain.Preempt)) return context.Invoke();
            Interlocked.Increment(ref _refused);
            throw new TimeoutException("lost");
        }
    }
}
