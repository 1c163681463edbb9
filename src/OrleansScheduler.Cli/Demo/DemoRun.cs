using System.Text;

namespace OrleansScheduler.Cli;

/// <summary>The demonstration: real jobs on a running cell, each claim proved before the next step.</summary>
internal sealed class DemoRun(SchedulerClient client, DemoBoard board, TimeProvider time) : IDisposable
{
    private const int ReadsAtOnce = 8;

    /// <summary>Longest time one step may take, on a machine that has other things to do.</summary>
    private static readonly TimeSpan StepDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ViewInterval = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http = new(
        new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero })
    { Timeout = RequestTimeout };
    private readonly JobSpec _service = Example(JobExamples.Service);
    private readonly JobSpec _next = Example(JobExamples.NextService);
    private readonly JobSpec _batch = Example(JobExamples.Batch);

    public void Dispose() => _http.Dispose();

    /// <summary>Every task with its history, once the work is done.</summary>
    public (ImmutableArray<TaskView> Service, ImmutableArray<TaskView> Batch) Histories { get; private set; } = ([], []);

    /// <summary>Does every step until one does not come true; whether all did.</summary>
    /// <param name="stopAfterwards">Whether the jobs are stopped at the end.</param>
    /// <param name="cancellationToken">Ends the demonstration early.</param>
    public async Task<bool> RunAsync(bool stopAfterwards, CancellationToken cancellationToken)
    {
        List<(string Title, Func<CancellationToken, Task<Answer<string>>> Act)> steps =
        [
            ("Wait for the node", NodeAsync),
            ($"Submit {_service.Key} (service of {_service.Instances}) and {_batch.Key} (batch of {_batch.Instances})", SubmitAsync),
            ("Ask every instance of the service over HTTP", token => GreetingsAsync(_service, token)),
            ("Kill a process of the service behind the scheduler's back", KillAsync),
            ($"Change the service's greeting to '{_next.Task.Env["GREETING"]}' and let it roll", UpdateAsync),
            ("Ask every instance again", token => GreetingsAsync(_next, token)),
            ($"Let the {_batch.Instances} commands finish", BatchAsync),
        ];
        if (stopAfterwards) steps.Add(("Stop everything", StopAsync));

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = WatchAsync(watching.Token);
        try
        {
            foreach (var (title, act) in steps)
            {
                board.Begin(title);
                using var deadline = new CancellationTokenSource(StepDeadline, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
                Answer<string> result;
                try
                {
                    result = await act(either.Token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    result = Miss($"It did not come true within {Words.Of(StepDeadline)}.");
                }

                board.End(result);
                if (result.Problem is not null) return false;
            }

            return true;
        }
        finally
        {
            await watching.CancelAsync();
            await watch;
        }
    }

    private async Task<Answer<string>> NodeAsync(CancellationToken cancellationToken)
    {
        var node = await UntilAsync(
            () => client.ListNodesAsync(cancellationToken: cancellationToken),
            page => page.Items.FirstOrDefault(n => n.Status == "ready"), cancellationToken);
        return $"{node.Description.Id} is ready: {node.Description.Capacity}";
    }

    private async Task<Answer<string>> SubmitAsync(CancellationToken cancellationToken)
    {
        foreach (var example in (string[])[JobExamples.Service, JobExamples.Batch])
        {
            var answer = await SubmitAsync(example, cancellationToken);
            if (answer.Problem is { } problem) return problem;
        }

        await RunningAsync(_service, version: 1, cancellationToken);
        return $"{_service.Instances} instances are RUNNING, their health checks answer";
    }

    private async Task<Answer<string>> GreetingsAsync(JobSpec spec, CancellationToken cancellationToken)
    {
        var tasks = await UntilAsync(
            () => client.ListJobTasksAsync(spec.Key, cancellationToken: cancellationToken),
            page => AllRun(page, spec) ? page : null, cancellationToken);
        foreach (var task in tasks.Items)
        {
            var expected = $"{spec.Task.Env["GREETING"]} from instance {task.Instance}";
            var said = await AskAsync(task, "/", cancellationToken);
            if (said != expected) return Miss($"Instance {task.Instance} on port {PortOf(task)} says '{said}', not '{expected}'.");
        }

        return $"all say '{spec.Task.Env["GREETING"]} from instance …'";
    }

    private async Task<Answer<string>> KillAsync(CancellationToken cancellationToken)
    {
        var victim = (await UntilAsync(
            () => client.DescribeTaskAsync(new(_service.Key, 1), cancellationToken),
            task => task.Status == ScheduleStatus.Running ? task : null, cancellationToken))!;
        _ = await AskAsync(victim, ExampleWeb.CrashPath, cancellationToken);
        var killed = time.GetTimestamp();
        var heir = await UntilAsync(
            () => client.DescribeTaskAsync(new(_service.Key, 1), cancellationToken),
            task => task.Status == ScheduleStatus.Running && task.Attempt > victim.Attempt ? task : null, cancellationToken);
        var took = time.GetElapsedTime(killed);
        var said = await AskAsync(heir, "/", cancellationToken);
        if (!said.EndsWith(" instance 1", StringComparison.Ordinal)) return Miss($"Attempt {heir.Attempt} of instance 1 says '{said}'.");
        return $"attempt {victim.Attempt} of instance 1 killed; "
            + $"attempt {heir.Attempt} answers on port {PortOf(heir)} after {Words.Seconds(took)}";
    }

    private async Task<Answer<string>> UpdateAsync(CancellationToken cancellationToken)
    {
        var answer = await SubmitAsync(JobExamples.NextService, cancellationToken);
        if (answer.Problem is { } problem) return problem;
        var goal = JobGoal.Submitted(answer.Value!);
        var job = await UntilAsync(
            () => client.DescribeJobAsync(_next.Key, cancellationToken),
            view => goal.Judge(view).State != GoalState.Pending ? view : null, cancellationToken);
        return goal.Judge(job) is (GoalState.Missed, var why)
            ? Miss($"{why}.")
            : $"version {job.Version} has rolled through {job.Instances} instances, {_next.Update.Batch} at a time";
    }

    private async Task<Answer<string>> BatchAsync(CancellationToken cancellationToken)
    {
        var job = await UntilAsync(
            () => client.DescribeJobAsync(_batch.Key, cancellationToken),
            view => view.Phase is JobPhase.Finished or JobPhase.Failed ? view : null, cancellationToken);
        if (job.Phase == JobPhase.Failed) return Miss($"{_batch.Key} failed: {Words.Of(job.Counts)}.");
        Histories = (await HistoriesAsync(_next, cancellationToken), await HistoriesAsync(_batch, cancellationToken));
        var summary = DemoSummary.Of([], Histories.Batch);
        if (summary.Retried == 0) return Miss("No command failed and was tried again, though some fail on purpose.");
        return $"{summary.Tasks} finished; {summary.Retried} failed once and were tried again";
    }

    private async Task<Answer<string>> StopAsync(CancellationToken cancellationToken)
    {
        var tasks = board.Service;
        foreach (var key in (JobKey[])[_next.Key, _batch.Key])
        {
            var answer = await client.StopJobAsync(key, cancellationToken: cancellationToken);
            if (answer.Problem is { Kind: not ProblemKind.Conflict } problem) return problem;
        }

        await UntilAsync(
            () => client.DescribeJobAsync(_next.Key, cancellationToken),
            view => view.Phase == JobPhase.Stopped ? view : null, cancellationToken);
        board.Service = (await client.ListJobTasksAsync(_next.Key, cancellationToken: cancellationToken)).Value?.Items ?? tasks;
        foreach (var task in tasks)
        {
            if (PortOf(task) is not { } port || Ports.IsFree(port)) continue;
            return Miss($"Something still listens on port {port} of instance {task.Instance}.");
        }

        return "the jobs are stopped, and nothing listens on their ports any more";
    }

    private async Task<ImmutableArray<TaskView>> HistoriesAsync(JobSpec spec, CancellationToken cancellationToken)
    {
        var tasks = new TaskView[spec.Instances];
        var gently = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, tasks.Length, gently, async (i, token) =>
            tasks[i] = await UntilAsync(() => client.DescribeTaskAsync(new(spec.Key, i), token), task => task, token));
        return [.. tasks];
    }

    private async Task<Answer<SubmitReceipt>> SubmitAsync(string example, CancellationToken cancellationToken)
    {
        var body = new JobFileBody(Encoding.UTF8.GetBytes(JobExamples.Read(example)!), "application/yaml");
        var answer = await client.SubmitJobsAsync(body, cancellationToken: cancellationToken);
        return answer.Problem is { } problem ? problem : answer.Value!.Jobs[0];
    }

    private Task<Page<TaskView>> RunningAsync(JobSpec spec, int version, CancellationToken cancellationToken) => UntilAsync(
        () => client.ListJobTasksAsync(spec.Key, cancellationToken: cancellationToken),
        page => AllRun(page, spec) && page.Items.All(task => task.Version >= version) ? page : null, cancellationToken);

    private static bool AllRun(Page<TaskView> page, JobSpec spec) =>
        page.Items.Length == spec.Instances && page.Items.All(task => task.Status == ScheduleStatus.Running);

    /// <summary>Looks again and again until there is something to see; the step's deadline ends it.</summary>
    private async Task<TSeen> UntilAsync<T, TSeen>(
        Func<Task<Answer<T>>> look, Func<T, TSeen?> see, CancellationToken cancellationToken) where TSeen : class
    {
        while (true)
        {
            var answer = await look();
            if (answer.Value is { } value && see(value) is { } seen) return seen;
            await Task.Delay(Glance, time, cancellationToken);
        }
    }

    private async Task<string> AskAsync(TaskView task, string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await _http.GetStringAsync(new Uri($"http://127.0.0.1:{PortOf(task)}{path}"), cancellationToken)).Trim();
        }
        catch (HttpRequestException e)
        {
            return $"nothing: {e.Message}";
        }
    }

    private static int? PortOf(TaskView task) => task.Ports.TryGetValue("http", out var port) ? port : null;

    /// <summary>Keeps the board current for whoever looks at it.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ViewInterval, time, cancellationToken);
                var service = await client.ListJobTasksAsync(_service.Key, cancellationToken: cancellationToken);
                if (service.Value is { } tasks) board.Service = tasks.Items;
                var batch = await client.ListJobTasksAsync(_batch.Key, limit: 500, cancellationToken: cancellationToken);
                if (batch.Value is { } commands) board.Batch = commands.Items;
            }
        }
        catch (OperationCanceledException)
        {
            // The demonstration has ended.
        }
    }

    private static Problem Miss(string message) => Problem.Of(ProblemKind.Conflict, "not-true", message);

    private static JobSpec Example(string name) =>
        JobFile.Parse(JobExamples.Read(name)!) is { Problem: null } answer
            ? answer.Value[0]
            : throw new InvariantException($"the example {name} is wrong");
}
