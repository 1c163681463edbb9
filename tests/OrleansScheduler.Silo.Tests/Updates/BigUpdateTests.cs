using System.Diagnostics;

namespace OrleansScheduler.Silo.Tests;

public sealed class BigUpdateTests : IDisposable
{
    private const int Instances = 5000;
    private static readonly JobKey Key = new("shop", "test", "big");
    private readonly string _directory = Directory.CreateTempSubdirectory("osched-update-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Five_thousand_instances_move_in_batches_of_five_hundred_and_each_once()
    {
        await using var cell = await TestCell.Start(_directory);
        var nodes = new List<SimulatedNode>();
        for (var i = 0; i < 50; i++)
            nodes.Add(await SimulatedNode.Start(cell, SimulatedNode.Describe($"n{i}"), _ => ScheduleStatus.Running));
        await cell.Submit(Spec("1"));
        await cell.Until(Key, job => job.Counts.GetValueOrDefault("RUNNING") == Instances);

        var start = Stopwatch.GetTimestamp();
        Assert.Equal("updating", (await cell.Submit(Spec("2"), "op-2")).Value!.Outcome);
        var most = 0;
        var job = await cell.Until(Key, job =>
        {
            most = Math.Max(most, Instances - job.Counts.GetValueOrDefault("RUNNING"));
            return job.Phase == JobPhase.Running;
        }, seconds: 120);
        TestContext.Current.SendDiagnosticMessage(
            "5,000 instances in batches of 500: {0:0.0} s, at most {1} down", Stopwatch.GetElapsedTime(start).TotalSeconds, most);

        Assert.Equal(("ROLLED_FORWARD", Instances, Instances), (job.Update!.Status, job.Update.Done, job.Update.Total));
        Assert.InRange(most, 1, 500);
        Assert.Equal(2 * Instances, nodes.Sum(node => node.Started.Count));
        var story = (await cell.Job(Key).ListUpdates()).Single();
        Assert.Equal(Instances, story.Events.Where(e => e.Action == UpdateAction.InstanceUpdated).Sum(e => e.Instances.Count));
        Assert.InRange(story.Events.Length, 1, UpdateHistory.MaxLines + 1);
        foreach (var node in nodes) await node.DisposeAsync();
    }

    private static JobSpec Spec(string version) => new()
    {
        Key = Key,
        Type = JobType.Service,
        Instances = Instances,
        Task = new TaskSpec
        {
            Command = ["run"],
            Env = ImmutableSortedDictionary<string, string>.Empty.Add("VERSION", version),
            Resources = new Resources(100, 64, 0, 0),
        },
        Update = new UpdatePolicy { Strategy = "batch", Batch = 500, Watch = TimeSpan.Zero },
    };
}
