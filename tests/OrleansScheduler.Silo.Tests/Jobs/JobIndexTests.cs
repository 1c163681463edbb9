using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

public sealed class JobIndexTests : IDisposable
{
    private static readonly JobKey Service = new("shop", "prod", "service");

    /// <summary>All in the service's shard.</summary>
    private static readonly ImmutableArray<JobKey> Batches =
    [
        .. Enumerable.Range(0, 1000).Select(number => new JobKey("shop", "prod", $"batch-{number}"))
            .Where(key => JobIndex.ShardOf(key) == JobIndex.ShardOf(Service)).Take(30),
    ];

    private readonly string _directory = Directory.CreateTempSubdirectory("osched-index-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_restarted_cell_wakes_the_jobs_that_go_on_and_leaves_those_alone_that_have_ended()
    {
        var again = Batches[0];
        await using (var cell = await TestCell.Start(_directory))
        {
            await using var nodes = await Nodes.Start(cell, 2, attempt =>
                attempt.Job == Service || attempt.Number > 1 ? ScheduleStatus.Running : ScheduleStatus.Finished);
            await cell.Submit(Spec(Service, JobType.Service), "service");
            foreach (var batch in Batches) await cell.Submit(Spec(batch, JobType.Batch), batch.Name);
            foreach (var batch in Batches) await cell.Until(batch, v => v.Phase == JobPhase.Finished);
            await TestCell.Eventually(async () => (await Ended(cell)).Count == Batches.Length, 30);

            // One that goes on is known to when that is accepted.
            Assert.Null((await cell.Submit(Spec(again, JobType.Batch) with { Priority = 1 }, "again")).Problem);
            Assert.Equal(Batches.Skip(1).ToHashSet(), await Ended(cell));
            await cell.Until(again, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        }

        var looked = new Looks();
        await using (var cell = await TestCell.Start(
            _directory, builder => builder.Services.AddSingleton<IIncomingGrainCallFilter>(looked)))
        {
            await TestCell.Eventually(() => Task.FromResult(looked.Jobs.Contains(Service) && looked.Jobs.Contains(again)), 30);

            // Beside those two the few that are looked at now and then.
            Assert.InRange(looked.Jobs.Count, 2, 2 + (Batches.Length / 3));
            Assert.Equal(Batches.Skip(1).ToHashSet(), await Ended(cell));
            Assert.Equal(JobPhase.Finished, (await cell.Job(Batches[1]).Describe())!.Phase);
        }
    }

    [Fact]
    public async Task Jobs_that_have_ended_leave_memory_and_are_as_they_were_when_somebody_asks()
    {
        await using var cell = await TestCell.Start(
            _directory, builder => builder.Services.AddSingleton(new EndedJobs(held: 3)));
        await using var nodes = await Nodes.Start(cell, 2, attempt =>
            attempt.Job == Service || attempt.Number > 1 ? ScheduleStatus.Running : ScheduleStatus.Finished);
        await cell.Submit(Spec(Service, JobType.Service), "service");
        await cell.Until(Service, v => v.Counts.GetValueOrDefault("RUNNING") == 1);
        foreach (var batch in Batches) await cell.Submit(Spec(batch, JobType.Batch), batch.Name);

        // The service, and the last that have ended.
        var management = cell.Grains.GetGrain<IManagementGrain>(0);
        await TestCell.Eventually(async () => (await Ended(cell)).Count == Batches.Length && await InMemory() == 1 + 3, 60);

        // Reading them brings no more of them back, nor does asking for some that there are not.
        foreach (var batch in Batches) Assert.Equal(JobPhase.Finished, (await cell.Job(batch).Describe())!.Phase);
        foreach (var batch in Batches) Assert.Null(await cell.Job(batch with { Role = "nobody" }).Describe());
        await TestCell.Eventually(async () => await InMemory() == 1 + 3, 30);
        Assert.Null((await cell.Submit(Spec(Batches[0], JobType.Batch) with { Priority = 1 }, "again")).Problem);
        await cell.Until(Batches[0], v => v.Counts.GetValueOrDefault("RUNNING") == 1);

        async Task<int> InMemory() => (await management.GetSimpleGrainStatistics())
            .Where(grain => grain.GrainType.Contains(nameof(JobGrain), StringComparison.Ordinal)).Sum(grain => grain.ActivationCount);
    }

    private static JobSpec Spec(JobKey key, JobType type) => new()
    {
        Key = key,
        Type = type,
        Instances = 1,
        Task = new TaskSpec { Command = ["true"], Resources = new Resources(100, 64, 0, 0) },
    };

    private static async Task<HashSet<JobKey>> Ended(TestCell cell)
    {
        var ended = new HashSet<JobKey>();
        for (var shard = 0; shard < JobIndex.Shards; shard++)
        {
            var bytes = new MemoryStream();
            var index = cell.Grains.GetGrain<IStateOwner>(cell.Grains.GetGrain<IJobIndexGrain>(shard).GetGrainId());
            await foreach (var part in index.CopyState()) bytes.Write(part.Bytes);
            if (bytes.Length == 0) continue;
            ended.UnionWith(cell.Services.GetRequiredService<Serializer>().Deserialize<JobIndexChange>(bytes.ToArray())!.Ended);
        }

        return ended;
    }

    private sealed class Looks : IIncomingGrainCallFilter
    {
        private readonly ConcurrentDictionary<JobKey, bool> _jobs = new();

        public ICollection<JobKey> Jobs => _jobs.Keys;

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.MethodName == nameof(IJobGrain.Look)) _jobs[JobKey.Parse(context.TargetId.Key.ToString()!)] = true;
            return context.Invoke();
        }
    }
}
