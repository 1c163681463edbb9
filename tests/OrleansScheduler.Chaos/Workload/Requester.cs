namespace OrleansScheduler.Chaos;

/// <summary>
/// Somebody who asks for one thing after the other, now through one gateway and then through another, and writes down what comes of it.
/// What has an unknown outcome is repeated with the same key.
/// </summary>
internal abstract class Requester : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Between an answer that may be another one soon, and the next try.</summary>
    protected static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(6);

    private readonly string _name;
    private readonly ImmutableArray<SchedulerClient> _gateways;

    protected Requester(string name, ClusterDriver cluster, History history, int seed)
    {
        (_name, History, Random) = (name, history, new Random(seed));
        _gateways = [.. cluster.Gateways.Select((_, gateway) => cluster.Client(gateway, RequestPatience))];
    }

    protected History History { get; }

    protected Random Random { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var gateway in _gateways) gateway.Dispose();
    }

    /// <summary>Sends a change until its outcome is known, and now and then once more: the answer must be the same.</summary>
    protected async Task<bool> Change<T>(
        HistoryEvent line, Func<SchedulerClient, string, Task<Answer<T>>> send, Func<HistoryEvent, T, HistoryEvent> receipt)
        where T : class
    {
        var key = line.Key ?? SchedulerClient.NewOperationId();
        var until = BootClock.Now + Patience.TotalSeconds;
        var repeats = Random.Next(5) == 0 ? 1 : 0;
        while (true)
        {
            line = line with { T = BootClock.Now, Key = key };
            History.Add(line);
            var answer = await send(Gateway(), key);
            History.Add(answer.Value is { } value
                ? receipt(line, value) with { T = BootClock.Now, K = OutcomeKind.Ok }
                : Failed(line, answer.Problem!));
            if (answer.Value is not null && repeats-- == 0) return true;
            if (answer.Problem is { } problem && !MayPass(problem)) return false;
            if (BootClock.Now > until) return answer.Value is not null;
            if (answer.Problem is not null) await Task.Delay(Again, TimeProvider.System);
        }
    }

    /// <summary>Waits until it is so, or until the time is over: then what is left is judged as it is.</summary>
    protected static async Task Until(Func<Task<bool>> isSo, TimeSpan patience)
    {
        var until = BootClock.Now + patience.TotalSeconds;
        while (!await isSo() && BootClock.Now < until) await Task.Delay(Again, TimeProvider.System);
    }

    /// <summary>Makes a job.</summary>
    protected Task<bool> SubmitJob(WorkloadJob job, Witness witness, string key) => Change(
        Line("submit", job) with { Instances = job.Instances, Key = key },
        (client, operation) => client.SubmitJobsAsync(job.File(witness), operation),
        (line, answer) => line with { Version = answer.Jobs[0].Version, Outcome = answer.Jobs[0].Outcome });

    /// <summary>Stops a job for good.</summary>
    protected Task<bool> StopJob(WorkloadJob job) => Change(
        Line("stop", job), (client, key) => client.StopJobAsync(job.Key, operationId: key),
        (line, answer) => line with { Outcome = answer.Message });

    protected static bool MayPass(Problem problem) =>
        problem.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown or ProblemKind.TooMany;

    protected HistoryEvent Line(string operation, WorkloadJob job) => Line(operation) with { Job = job.Key.ToString() };

    protected HistoryEvent Line(string operation) => new() { T = BootClock.Now, P = _name, K = OutcomeKind.Invoke, Op = operation };

    protected static HistoryEvent Failed(HistoryEvent line, Problem problem)
    {
        // A refusal of what makes no sense judges nothing: the run would pass without having tried anything.
        if (problem.Kind is ProblemKind.Malformed or ProblemKind.Invalid)
            throw new InvalidOperationException($"{line.Op} of {line.Job ?? line.Target} makes no sense: {problem.Message}");
        return line with
        {
            T = BootClock.Now,
            K = problem.Kind == ProblemKind.OutcomeUnknown ? OutcomeKind.Info : OutcomeKind.Fail,
            Code = problem.Code,
        };
    }

    /// <summary>Does nothing for a time, in seconds, as people do; not longer than until the run is over.</summary>
    protected async Task Pause(int least, int most, CancellationToken cancellationToken) =>
        await Task.Delay(TimeSpan.FromSeconds(Random.Next(least, most)), TimeProvider.System, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    protected SchedulerClient Gateway() => _gateways[Random.Next(_gateways.Length)];
}
