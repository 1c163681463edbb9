using System.Diagnostics;
using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>
/// Users who submit a job, look at it, scale it, look again and stop it, over and over. Each has a gateway that it likes better and repeats
/// a request as <c>osched</c> does; when that was not enough it asks the other gateway with the same operation id, until a deadline.
/// </summary>
internal sealed class UpgradeLoad(ClusterDriver cluster, int users)
{
    private const int MostReasons = 10;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Think = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly List<string> _failures = [];
    private UpgradeNotice _noticed = new(0, 0, 0, 0, 0, 0);

    /// <summary>Why requests failed, the first of them.</summary>
    public ImmutableArray<string> FirstFailures
    {
        get
        {
            lock (_lock) return [.. _failures];
        }
    }

    /// <summary>What was noticed since the last time.</summary>
    public UpgradeNotice Take()
    {
        lock (_lock)
        {
            var noticed = _noticed;
            _noticed = new(0, 0, 0, 0, 0, 0);
            return noticed;
        }
    }

    /// <summary>Works until it is cancelled; every user finishes what it has begun.</summary>
    public Task Run(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, users).Select(user => Work(user, cancellationToken)));

    private async Task Work(int user, CancellationToken cancellationToken)
    {
        var repeats = 0;
        ImmutableArray<SchedulerClient> clients =
        [
            .. cluster.Gateways.Select((_, i) => cluster.Gateways[(user + i) % cluster.Gateways.Count])
                .Select(gateway => new SchedulerClient(
                    new() { Gateway = new Uri($"http://{gateway.Address}"), Waiting = (_, _) => repeats++ })),
        ];
        for (var number = 0; !cancellationToken.IsCancellationRequested; number++)
        {
            var job = new JobKey("chaos", "test", $"user-{user}-{number}");
            if (!await Change((client, id) => client.SubmitJobsAsync(FileOf(job), id))) continue;
            await Read(job);
            await Change((client, id) => client.ScaleJobAsync(job, 2, id));
            await Read(job);
            await Change((client, id) => client.StopJobAsync(job, operationId: id));
        }

        foreach (var client in clients) client.Dispose();

        Task<bool> Read(JobKey job) => Ask(isChange: false, (client, _) => client.DescribeJobAsync(job));

        Task<bool> Change<T>(Func<SchedulerClient, string, Task<Answer<T>>> request) => Ask(isChange: true, request);

        async Task<bool> Ask<T>(bool isChange, Func<SchedulerClient, string, Task<Answer<T>>> request)
        {
            var operation = SchedulerClient.NewOperationId();
            var started = Stopwatch.GetTimestamp();
            repeats = 0;
            for (var turn = 0; ; turn++)
            {
                var problem = (await request(clients[turn % clients.Length], operation)).Problem;
                var took = Stopwatch.GetElapsedTime(started);
                var mayPass = problem?.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown or ProblemKind.TooMany;
                if (mayPass && took < Deadline) continue;
                Add(isChange, took.TotalMilliseconds, repeats + turn > 0, turn > 0, problem);
                await Task.Delay(Think, TimeProvider.System, CancellationToken.None);
                return problem is null;
            }
        }
    }

    private void Add(bool isChange, double ms, bool isRepeated, bool isOther, Problem? problem)
    {
        lock (_lock)
        {
            var n = _noticed;
            _noticed = new(
                n.Requests + 1, n.Repeated + (isRepeated ? 1 : 0), n.OtherGateway + (isOther ? 1 : 0),
                n.Failed + (problem is null ? 0 : 1),
                isChange ? n.ReadMs : Math.Max(n.ReadMs, Math.Round(ms)), isChange ? Math.Max(n.ChangeMs, Math.Round(ms)) : n.ChangeMs);
            if (problem is not null && _failures.Count < MostReasons) _failures.Add($"{problem.Code}: {problem.Message}");
        }
    }

    private static JobFileBody FileOf(JobKey job) => JobFileBody.Of("job.yaml", Encoding.UTF8.GetBytes($$"""
        job: {{job.Name}}
        role: {{job.Role}}
        env: {{job.Environment}}
        type: service
        task:
          command: 'exec sleep 100000'
          resources: { cpu: 0.1, memory: 8MiB }
        """));
}
