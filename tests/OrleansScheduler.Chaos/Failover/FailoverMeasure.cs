using System.Diagnostics;

namespace OrleansScheduler.Chaos;

/// <summary>Breaks silos of a cell and measures how long users notice.</summary>
internal sealed class FailoverMeasure(ClusterDriver cluster)
{
    private const int ProbeJobs = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan ZombieTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(1);

    private readonly ImmutableArray<JobKey> _jobs =
        [.. Enumerable.Range(1, ProbeJobs).Select(number => new JobKey("chaos", "test", $"probe-{number}"))];
    private int _submitted;

    /// <summary>Makes the jobs that the probe asks about.</summary>
    public async Task Prepare()
    {
        using var client = cluster.Client();
        foreach (var job in _jobs) Require((await client.SubmitJobsAsync(ApiProbe.FileOf(job))).Problem);
        _ = await Placement(Stopwatch.GetTimestamp());
    }

    /// <summary>One fault, from a cell at rest to a cell at rest.</summary>
    public async Task<FailoverRun> Run(FailoverFault fault)
    {
        await cluster.Settled(Patience);
        var ledger = await cluster.LedgerSilo() ?? throw new InvalidOperationException("the cell does not say which silo has the ledger");
        using var end = new CancellationTokenSource();
        var probe = new ApiProbe(() => cluster.Client(), _jobs);
        var probing = probe.Run(end.Token);
        await Task.Delay(Lead, TimeProvider.System);

        var started = await Inject(fault, ledger);
        var stopping = fault == FailoverFault.Term ? ledger.Stop(DrainTime) : Task.FromResult(true);
        var (accepted, placed) = await Placement(started);
        double? ended = null;
        if (fault == FailoverFault.Term)
        {
            await stopping;
            ended = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }
        else if (fault == FailoverFault.Pause)
        {
            await Task.Delay(Lead, TimeProvider.System);
            ended = await EndOfZombie(ledger);
        }

        var code = ended is null ? null : ledger.ExitCode;
        var lost = fault == FailoverFault.KillAll ? 0 : cluster.Silos.Count(silo => !silo.IsRunning) - Victims(fault, ledger).Count;
        foreach (var silo in cluster.Silos) silo.Start();
        await cluster.Settled(Patience);
        await end.CancelAsync();
        await probing;
        return new()
        {
            PlacedMs = placed.TotalMilliseconds,
            AcceptedMs = accepted.TotalMilliseconds,
            ReadGapMs = probe.ReadGap.TotalMilliseconds,
            WriteGapMs = probe.WriteGap.TotalMilliseconds,
            Answered = probe.Answered,
            Failed = probe.Failed,
            OthersLost = lost,
            EndedMs = ended,
            ExitCode = code,
        };
    }

    private List<CellProcess> Victims(FailoverFault fault, CellProcess ledger) => fault switch
    {
        FailoverFault.KillTwo => [ledger, cluster.Silos.First(silo => silo != ledger)],
        FailoverFault.KillAll => [.. cluster.Silos],
        _ => [ledger],
    };

    private async Task<long> Inject(FailoverFault fault, CellProcess ledger)
    {
        var started = Stopwatch.GetTimestamp();
        switch (fault)
        {
            case FailoverFault.Term:
                break;
            case FailoverFault.Pause:
                ledger.Pause();
                break;
            default:
                await Task.WhenAll(Victims(fault, ledger).Select(victim => victim.Kill()));
                break;
        }

        if (fault != FailoverFault.KillAll) return started;
        foreach (var silo in cluster.Silos) silo.Start();
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Submits a job, again if need be, and waits until an agent has its task.</summary>
    private async Task<(TimeSpan Accepted, TimeSpan Placed)> Placement(long started)
    {
        using var client = cluster.Client();
        var job = new JobKey("chaos", "test", $"next-{++_submitted}");
        var operation = SchedulerClient.NewOperationId();
        while ((await client.SubmitJobsAsync(ApiProbe.FileOf(job), operation)).Problem is { } problem)
        {
            if (problem.Kind is not (ProblemKind.Unavailable or ProblemKind.OutcomeUnknown)) Require(problem);
            await Pause($"job {job} could not be submitted: {problem.Message}");
        }

        var accepted = Stopwatch.GetElapsedTime(started);
        while (true)
        {
            var counts = (await client.DescribeJobAsync(job)).Value?.Counts;
            if (counts is not null && counts.GetValueOrDefault("RUNNING") + counts.GetValueOrDefault("FINISHED") > 0)
                return (accepted, Stopwatch.GetElapsedTime(started));
            await Pause($"job {job} has no node: {string.Join(", ", counts ?? ImmutableSortedDictionary<string, int>.Empty)}");
        }

        async Task Pause(string what)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience) throw new TimeoutException(what);
            await Task.Delay(LookAgain, TimeProvider.System);
        }
    }

    /// <summary>Lets the paused silo go on; it was declared dead, so it has to end. Answers how long it lived on.</summary>
    private static async Task<double> EndOfZombie(CellProcess silo)
    {
        var resumed = Stopwatch.GetTimestamp();
        silo.Resume();
        if (!await silo.Ended(ZombieTime)) await silo.Kill();
        return Stopwatch.GetElapsedTime(resumed).TotalMilliseconds;
    }

    private static void Require(Problem? problem)
    {
        if (problem is not null) throw new InvalidOperationException($"{problem.Code}: {problem.Message}");
    }
}
