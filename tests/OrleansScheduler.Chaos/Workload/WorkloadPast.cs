using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>
/// What a cell has behind it: jobs that have ended before anything breaks. What a loss costs must not grow with their number.
/// </summary>
internal sealed class WorkloadPast(ClusterDriver cluster, int jobs)
{
    private const string Role = "past";
    private const int AtOnce = 8;
    private const int Page = 500;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    /// <summary>Runs the jobs; completes when all have ended.</summary>
    /// <exception cref="InvalidOperationException">The cell refuses one.</exception>
    public async Task Live(CancellationToken cancellationToken)
    {
        if (jobs == 0) return;
        using var client = new SchedulerClient(new() { Gateway = new($"http://{cluster.Gateways[0].Address}") });
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, jobs), parallel, async (number, token) => await Submit(client, number, token));
        var ended = 0;
        await Condition.Holds(
            async () => (ended = await Ended(client)) == jobs, () => $"{ended} of {jobs} earlier jobs have ended", Longest,
            cancellationToken);
    }

    private static async Task Submit(SchedulerClient client, int number, CancellationToken cancellationToken)
    {
        var file = JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes($$"""
            job: past-{{number}}
            role: {{Role}}
            env: test
            type: batch
            task:
              command: [/bin/true]
              resources: { cpu: 50m, memory: 8MiB }
            """));
        var answer = await client.SubmitJobsAsync(file, cancellationToken: cancellationToken);
        if (answer.Problem is { } problem) throw new InvalidOperationException($"{problem.Code}: {problem.Message}");
    }

    private static async Task<int> Ended(SchedulerClient client)
    {
        var (ended, page) = (0, (string?)null);
        do
        {
            var answer = await client.ListJobsAsync(role: Role, limit: Page, page: page);
            if (answer.Value is not { } list) return -1;
            ended += list.Items.Count(job => job.Counts.GetValueOrDefault("FINISHED") == 1);
            page = list.Next;
        }
        while (page is not null);
        return ended;
    }
}
