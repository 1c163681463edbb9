namespace OrleansScheduler.Chaos;

/// <summary>
/// One user: submits, reads, scales and stops jobs of its own, one operation after the other, now through one gateway and then through
/// another, and tries to update a job that it shares with the others, and to have one of the few jobs that a quota lets exist. What has an
/// unknown outcome it repeats with the same key.
/// </summary>
internal sealed class WorkloadClient : Requester
{
    private const int ServicesEach = 2;
    private const int BatchesAtOnce = 1;
    private const int Remembered = 8;

    private readonly string _name;
    private readonly Witness _witness;
    private readonly List<WorkloadJob> _services = [];
    private ImmutableArray<JobKey> _running = [];
    private readonly List<(WorkloadJob Job, double Until)> _batches = [];
    private readonly List<WorkloadJob> _all = [];
    private WorkloadJob? _counted;
    private int _made;

    public WorkloadClient(string name, ClusterDriver cluster, History history, Witness witness, int seed)
        : base(name, cluster, history, seed) => (_name, _witness) = (name, witness);

    /// <summary>Its services that nobody has asked to stop.</summary>
    public ImmutableArray<JobKey> Services => _running;

    public async Task Run(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Next();
            _running = [.. _services.Select(service => service.Key)];
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(100, 500)), TimeProvider.System, CancellationToken.None);
        }
    }

    /// <summary>Makes a job that is there from the beginning.</summary>
    public Task Submit(WorkloadJob job) => SubmitJob(job, _witness, SchedulerClient.NewOperationId());

    /// <summary>Limits what jobs of the counted environment may ask for together.</summary>
    /// <exception cref="InvalidOperationException">The cell does not take the quota, so that nothing of it can be judged.</exception>
    public async Task SetQuota()
    {
        if (!await Change(
            Line("quota") with { Target = WorkloadJob.QuotaPath },
            (client, key) => client.SetRoleAsync(WorkloadJob.QuotaPath, WorkloadJob.QuotaChange, key), static (line, _) => line))
            throw new InvalidOperationException($"The quota of {WorkloadJob.QuotaPath} was not accepted.");
    }

    private Task Next()
    {
        _batches.RemoveAll(batch => batch.Until < BootClock.Now);
        if (_services.Count < ServicesEach) return SubmitNew(service: true);
        return Random.Next(100) switch
        {
            < 45 => Read(_all[Random.Next(_all.Count)]),
            < 70 when _batches.Count < BatchesAtOnce => SubmitNew(service: false),
            < 82 => Scale(_services[Random.Next(_services.Count)]),
            < 87 => Stop(_services[Random.Next(_services.Count)]),
            < 93 => UpdateShared(),
            < 96 => Read(WorkloadJob.Shared),
            _ => _counted is { } counted ? StopCounted(counted) : SubmitCounted(),
        };
    }

    private async Task SubmitNew(bool service)
    {
        var strict = Random.Next(2) == 0 ? "strict" : "replace";
        var half = Random.Next(4) == 0 ? "-odd" : "";
        var name = $"{_name}-{(service ? "service" : "batch")}-{++_made}-{strict}{half}";
        var job = service
            ? WorkloadJob.Service(name, Random.Next(1, 4))
            : WorkloadJob.Batch(name, Random.Next(2, 6), TimeSpan.FromSeconds(Random.Next(1, 8)));
        var key = SchedulerClient.NewOperationId();
        if (!await SubmitJob(job, _witness, key)) return;
        if (Random.Next(4) == 0) await Reuse(job, key);
        _all.Add(job);
        if (_all.Count > Remembered) _all.RemoveAt(0);
        if (service) _services.Add(job);
        else _batches.Add((job, BootClock.Now + job.Life.TotalSeconds));
    }

    /// <summary>Asks for something else under a key that was used: once, since nothing may come of it.</summary>
    private async Task Reuse(WorkloadJob job, string key)
    {
        var line = Line("reuse", job) with { Target = key };
        History.Add(line);
        var answer = await Gateway().SubmitJobsAsync((job with { Instances = job.Instances + 1 }).File(_witness), key);
        History.Add(line with
        {
            T = BootClock.Now,
            K = answer.Problem is not { } problem ? OutcomeKind.Ok : MayPass(problem) ? OutcomeKind.Info : OutcomeKind.Fail,
            Code = answer.Problem?.Code,
        });
    }

    private Task<bool> Scale(WorkloadJob job)
    {
        var instances = Random.Next(1, 5);
        return Change(
            Line("scale", job) with { Instances = instances },
            (client, key) => client.ScaleJobAsync(job.Key, instances, key),
            (line, answer) => line with { Outcome = answer.Message });
    }

    private async Task Stop(WorkloadJob job)
    {
        // Whatever comes of it: nothing else is asked of this job any more, so that what it should be stays clear.
        _services.Remove(job);
        _running = [.. _services.Select(service => service.Key)];
        await StopJob(job);
    }

    private async Task SubmitCounted()
    {
        var job = WorkloadJob.OfQuota($"{_name}-{++_made}");
        if (await SubmitJob(job, _witness, SchedulerClient.NewOperationId())) _counted = job;

        // Nobody may know what came of it, and nothing would ever give its share of the quota back.
        else await Stop(job);
    }

    private Task StopCounted(WorkloadJob job)
    {
        _counted = null;
        return Stop(job);
    }

    private async Task UpdateShared()
    {
        if (await Read(WorkloadJob.Shared) is not { } seen) return;
        var mark = SchedulerClient.NewOperationId();
        await Change(
            Line("update", WorkloadJob.Shared) with { Expected = seen.Version },
            (client, key) => client.SubmitJobsAsync(WorkloadJob.Shared.File(_witness, mark), key, seen.Version),
            (line, answer) => line with { Version = answer.Jobs[0].Version, Outcome = answer.Jobs[0].Outcome });
    }

    private async Task<JobView?> Read(WorkloadJob job)
    {
        var line = Line("read", job);
        History.Add(line);
        var answer = await Gateway().DescribeJobAsync(job.Key);
        var answered = line with { T = BootClock.Now, K = OutcomeKind.Ok };
        History.Add(answer.Value is { } view
            ? answered with { Version = view.Version, Revision = view.Revision, Instances = view.Instances }
            : Failed(line, answer.Problem!));
        return answer.Value;
    }

}
