namespace OrleansScheduler.Chaos;

/// <summary>Asks the cell, and looks at the machine, when a run is over.</summary>
internal sealed class FinalReader(ClusterDriver cluster, ImmutableArray<JobKey> jobs)
{
    private const int AtOnce = 8;
    private const int PageSize = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits until everybody agrees, and then until all has ended that should; or until the time is over.</summary>
    public async Task<FinalView> Read()
    {
        using var client = new SchedulerClient(new SchedulerClientOptions { Gateway = new($"http://{cluster.Gateways[0].Address}") });
        var agreed = await Until(client, view => Open(view) ?? Differs(view));
        var ended = await Until(client, view => Open(view) ?? Unended(view) ?? Differs(view));
        if (ended.Unread is { } unread) throw new InvalidOperationException(unread);
        return await WithHistory(client, ended with { AgreedAfter = agreed.AgreedAfter, Differs = agreed.Differs ?? ended.Differs });
    }

    /// <summary>What is not at rest yet.</summary>
    private static string? Open(FinalView view) => view.Unread ?? (view.Cell is null ? "the cell does not answer" : null) ?? view.Tasks
        .Where(task => !task.Status.IsTerminal() && task.Status != ScheduleStatus.Running)
        .Select(task => $"{FinalView.AttemptOf(task)} is {task.Status.ToName()}").FirstOrDefault();

    private static string? Unended(FinalView view) => view.Jobs.Values
        .Where(job => job is { Type: JobType.Batch, Phase: not (JobPhase.Finished or JobPhase.Failed) })
        .Select(job => $"{job!.Key} is {job.Phase}").FirstOrDefault();

    private static string? Differs(FinalView view) => LedgerCheck.Differences(view).Concat(AliveCheck.Differences(view)).FirstOrDefault();

    private async Task<FinalView> Until(SchedulerClient client, Func<FinalView, string?> missing)
    {
        var started = BootClock.Now;
        while (true)
        {
            // A look at all jobs that a long run has made takes a while: what it finds was so when it began.
            var took = BootClock.Now - started;
            var view = await Look(client);
            var differs = missing(view);
            if (differs is null || took > Patience.TotalSeconds) return view with { AgreedAfter = Math.Round(took, 2), Differs = differs };
            await Task.Delay(LookAgain, TimeProvider.System);
        }
    }

    private async Task<FinalView> Look(SchedulerClient client)
    {
        var tasks = ImmutableArray.CreateBuilder<TaskView>();
        for (string? page = null; ;)
        {
            var answer = await client.ListTasksAsync(new TaskFilter { Role = "chaos" }, PageSize, page);
            tasks.AddRange(answer.Value?.Items ?? []);
            page = answer.Value?.Next;
            if (page is null) break;
        }

        var found = await Task.WhenAll(jobs.Chunk(Math.Max(1, jobs.Length / AtOnce)).Select(async some =>
        {
            var views = new List<(JobKey Key, JobView? View)>();
            foreach (var key in some)
            {
                var answer = await client.DescribeJobAsync(key);
                if (answer.Problem is { Kind: not ProblemKind.NotFound } problem)
                    return (Views: views, Unread: $"{key} cannot be read: {problem.Message}");
                views.Add((key, answer.Value));
            }

            return (Views: views, Unread: (string?)null);
        }));
        return new()
        {
            Cell = (await client.DescribeCellAsync()).Value,
            Nodes = (await client.ListNodesAsync()).Value?.Items ?? [],
            Unread = found.Select(some => some.Unread).FirstOrDefault(unread => unread is not null),
            Jobs = found.SelectMany(some => some.Views).ToImmutableDictionary(pair => pair.Key, pair => pair.View),
            Tasks = tasks.ToImmutable(),
            Alive = [.. TaskProcesses.Of(cluster.Directory).Select(process => process.Attempt)],
        };
    }

    /// <summary>Lists leave out histories.</summary>
    private static async Task<FinalView> WithHistory(SchedulerClient client, FinalView view)
    {
        var described = await Task.WhenAll(view.Tasks.Chunk(Math.Max(1, view.Tasks.Length / AtOnce)).Select(async some =>
        {
            var tasks = new List<TaskView>();
            foreach (var task in some)
                tasks.Add((await client.DescribeTaskAsync(new(task.Job, task.Instance))).Value ?? task);
            return tasks;
        }));
        return view with { Tasks = [.. described.SelectMany(tasks => tasks)] };
    }
}
