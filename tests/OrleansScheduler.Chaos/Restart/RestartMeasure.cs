using System.Diagnostics;
using System.Text;
using OrleansScheduler.Agent;

namespace OrleansScheduler.Chaos;

/// <summary>Fills a cell with tasks of virtual nodes, kills its control plane, and follows how it comes back.</summary>
internal sealed class RestartMeasure : IAsyncDisposable
{
    private const int JobSize = 100;
    private const int JobsPerRequest = 10;
    private const int Submitters = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);
    private static readonly Resources TaskSize = new(100, 64, 0, 0);

    private readonly ControlPlane _plane;
    private readonly int _nodes;
    private readonly int _tasks;
    private readonly SimulatedJobs _jobs = new(TimeProvider.System);
    private readonly VirtualAgents _agents;

    public RestartMeasure(ControlPlane plane, int nodes, int tasks)
    {
        (_plane, _nodes, _tasks) = (plane, nodes, tasks / JobSize * JobSize);
        _agents = new(plane.Agents, _jobs, new VirtualTaskModel(), TimeProvider.System);
    }

    /// <summary>The whole of it.</summary>
    public async Task<RestartReport> Run(CancellationToken cancellationToken)
    {
        var empty = Memory();
        _agents.Start(Enumerable.Range(0, _nodes).Select(VirtualNodes.Of));
        await Until(() => _agents.Registered == _nodes, () => $"{_agents.Registered} of {_nodes} nodes have registered", cancellationToken);
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);
        var withNodes = Memory();
        var started = Stopwatch.GetTimestamp();
        await Fill(cancellationToken);
        await Until(() => _jobs.EverRunning == _tasks, () => $"{_jobs.EverRunning} of {_tasks} tasks run", cancellationToken);
        var filled = Stopwatch.GetElapsedTime(started);
        await Task.Delay(Rest, TimeProvider.System, cancellationToken);
        var withTasks = Memory();
        Say($"{_tasks} tasks run after {filled.TotalSeconds:0} s");
        var store = await Check();
        var before = LoadAverage.Now;

        var killed = Stopwatch.GetTimestamp();
        await Task.WhenAll(_plane.Processes.Select(process => process.Kill()));
        foreach (var process in _plane.Processes) process.Start();
        var supervisor = new Supervisor(_plane.Processes);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var supervising = supervisor.Run(over.Token);
        try
        {
            await _plane.Up();
            var up = Stopwatch.GetTimestamp();
            var (ledger, placing) = (LedgerAnswers(up), NewTask(up));
            var nodes = Since(up, () => _agents.Registered == _nodes, () => $"{_agents.Registered} of {_nodes} nodes are back");
            var (accepted, running) = await placing;
            var cpuRunning = ProcessUse.Of(_plane.Processes).CpuSeconds;
            var (ledgerMs, nodesMs) = (await ledger, await nodes);
            var (whole, lost) = await Whole(up);
            return new()
            {
                Nodes = _nodes,
                Tasks = _tasks,
                FillSeconds = Math.Round(filled.TotalSeconds, 1),
                Rows = store.Rows,
                Bytes = store.Bytes,
                MemoryEmpty = empty,
                MemoryWithNodes = withNodes,
                MemoryWithTasks = withTasks,
                MemoryAfter = Memory(),
                UpMs = Math.Round(Stopwatch.GetElapsedTime(killed, up).TotalMilliseconds),
                LedgerMs = ledgerMs,
                AcceptedMs = accepted,
                RunningMs = running,
                NodesMs = nodesMs,
                WholeMs = whole,
                CpuSecondsToRunning = Math.Round(cpuRunning, 2),
                CpuSecondsToWhole = Math.Round(ProcessUse.Of(_plane.Processes).CpuSeconds, 2),
                Restarts = supervisor.Restarts,
                Lost = lost,
                Duplicated = _jobs.DuplicatedRuns,
                LoadAverages = [before, LoadAverage.Now],
            };
        }
        finally
        {
            await over.CancelAsync();
            await supervising;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _agents.DisposeAsync();

    private long Memory() => ProcessUse.Of(_plane.Silos).MemoryBytes;

    private async Task Fill(CancellationToken cancellationToken)
    {
        using var client = new SchedulerClient(new() { Gateway = _plane.Gateway });
        var batches = Enumerable.Range(0, _tasks / JobSize).Chunk(JobsPerRequest);
        await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = Submitters }, async (batch, token) =>
        {
            var file = string.Concat(batch.Select(number => Added($"load-{number}", JobSize)));
            var body = new JobFileBody(Encoding.UTF8.GetBytes(file), "application/json");
            Require((await client.SubmitJobsAsync(body, cancellationToken: token)).Problem);
        });
    }

    private string Added(string name, int instances)
    {
        _jobs.Add(KeyOf(name).ToString(), instances, TimeSpan.Zero, TaskSize, role: 0);
        return $$"""
            {"job":"{{name}}","role":"chaos","env":"test","type":"service","instances":{{instances}},
             "task":{"command":["true"],"resources":{"cpu":0.1,"memory":"64MiB"} } }
            """;
    }

    private static JobKey KeyOf(string name) => new("chaos", "test", name);

    private async Task<CellCheckView> Check()
    {
        using var client = _plane.Client();
        var answer = await client.CheckCellAsync();
        Require(answer.Problem);
        return answer.Value!;
    }

    private Task<double> LedgerAnswers(long since) => Since(
        since,
        async () =>
        {
            using var client = _plane.Client();
            return (await client.DescribeCellAsync()).Value is not null;
        },
        () => "the ledger does not answer");

    private async Task<(double Accepted, double Running)> NewTask(long since)
    {
        using var client = _plane.Client();
        var file = new JobFileBody(Encoding.UTF8.GetBytes(Added("next", 1)), "application/json");
        var operation = SchedulerClient.NewOperationId();
        var accepted = await Since(
            since, async () => (await client.SubmitJobsAsync(file, operation)).Problem is null, () => "no job is accepted");
        return (accepted, await Since(since, () => _jobs.EverRunning > _tasks, () => "the next task does not run"));
    }

    /// <summary>Until the cell says of every task that it runs, and how many it or the nodes say nothing of.</summary>
    private async Task<(double Ms, long Lost)> Whole(long since)
    {
        using var client = _plane.Client();
        var seen = 0L;
        var ms = await Since(since, async () => (seen = await Running()) == _tasks + 1, () => $"{seen} of {_tasks + 1} tasks run");
        return (ms, _jobs.All.Sum(job => job.Missing()));

        async Task<long> Running()
        {
            var sum = 0L;
            string? page = null;
            do
            {
                var answer = await client.ListJobsAsync(limit: 500, page: page);
                if (answer.Value is not { } jobs) return -1;
                sum += jobs.Items.Sum(job => job.Counts.GetValueOrDefault("RUNNING"));
                page = jobs.Next;
            }
            while (page is not null);
            return sum;
        }
    }

    private static Task<double> Since(long since, Func<bool> isSo, Func<string> otherwise) =>
        Since(since, () => Task.FromResult(isSo()), otherwise);

    private static async Task<double> Since(long since, Func<Task<bool>> isSo, Func<string> otherwise)
    {
        await Until(isSo, otherwise, CancellationToken.None);
        return Math.Round(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
    }

    private static Task<TimeSpan> Until(Func<bool> isSo, Func<string> otherwise, CancellationToken cancellationToken) =>
        Until(() => Task.FromResult(isSo()), otherwise, cancellationToken);

    private static Task<TimeSpan> Until(Func<Task<bool>> isSo, Func<string> otherwise, CancellationToken cancellationToken) =>
        Condition.Holds(isSo, otherwise, Patience, cancellationToken);

    private static void Require(Problem? problem)
    {
        if (problem is not null) throw new InvalidOperationException($"{problem.Code}: {problem.Message}");
    }

    private static void Say(string text) => Console.Error.WriteLine(text);
}
