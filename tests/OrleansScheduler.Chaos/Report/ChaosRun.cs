namespace OrleansScheduler.Chaos;

/// <summary>One run: users work in a cell, things break, everything is taken back, and what is left is judged.</summary>
internal sealed class ChaosRun(ClusterPlan plan, int seed, TimeSpan length, bool isLong, string? only, int past, string command)
{
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(4);

    public async Task<ChaosReport> Run(CancellationToken cancellationToken)
    {
        var directory = plan.Directory ?? Directory.CreateTempSubdirectory("osched-chaos-").FullName;
        var report = await InCell(directory, cancellationToken);
        if (!report.IsClean || plan.Directory is not null) return report with { Directory = directory };
        Directory.Delete(directory, recursive: true);
        return report;
    }

    private async Task<ChaosReport> InCell(string directory, CancellationToken cancellationToken)
    {
        var whyNot = await CellNetwork.WhyNot();
        await using var cluster = await ClusterDriver.Start(plan with { Directory = directory, Namespaces = whyNot is null });
        var (evidence, supervisor, stale, seconds, noticed) = await Work(cluster, cancellationToken);
        return new()
        {
            Command = command,
            Seed = seed,
            Seconds = seconds,
            WithoutNetwork = whyNot,
            Faults = evidence.History.Where(line => line.K == OutcomeKind.Inject).CountBy(line => line.Op)
                .ToImmutableSortedDictionary(StringComparer.Ordinal),
            Operations = Counts(evidence.History),
            Costs = FaultCost.Of(evidence.History),
            Attempts = evidence.Witness.Select(line => line.Attempt).Distinct().Count(),
            Restarts = supervisor.Restarts,
            StaleCommands = stale,
            TooBusy = SettledCheck.NotJudged(evidence),
            Checks = [.. Check.All.Select(check => check.Of(evidence))],
            Blind = MadeUpRuns.Blind(),
            MadeUp = MadeUpRuns.Count,
            BrokenGuardNoticed = noticed,
        };
    }

    private async Task<(Evidence Evidence, Supervisor Supervisor, int Stale, double Seconds, bool? Noticed)> Work(
        ClusterDriver cluster, CancellationToken cancellationToken)
    {
        await new WorkloadPast(cluster, past).Live(cancellationToken);
        var random = new Random(seed);
        using var history = new History(Path.Combine(cluster.Directory, "history.jsonl"));
        var witness = new Witness(cluster.Directory);
        var supervisor = new Supervisor(cluster.Processes);
        var processes = new ProcessFaults(cluster, supervisor, random, isLong);
        ImmutableArray<Func<Fault>> links =
            cluster.Network is { } network ? new LinkFaults(cluster, network, processes, random, isLong).Makers : [];
        using var workload = new CellWorkload(cluster, history, witness, seed);
        var settling = new Settling(cluster, history, workload.Services);
        var nemesis = new Nemesis(history, settling, [.. processes.Makers, .. links], processes, random, only);
        var journals = new AgentJournals(cluster);

        using var end = new CancellationTokenSource();
        Task[] background = [supervisor.Run(end.Token), journals.Run(end.Token)];
        double seconds;
        using (var rest = new CancellationTokenSource())
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var working = workload.Run(rest.Token);
            await Task.Delay(Warm, TimeProvider.System, CancellationToken.None);
            over.CancelAfter(length);
            var started = BootClock.Now;
            await nemesis.Run(over.Token);
            seconds = BootClock.Now - started;
            await rest.CancelAsync();
            await working;
            cancellationToken.ThrowIfCancellationRequested();
        }

        var lines = history.Read();
        ImmutableArray<JobKey> jobs =
            [.. lines.Where(line => line.Op == "submit").Select(line => line.Job).OfType<string>().Distinct().Select(JobKey.Parse)];
        var final = await new FinalReader(cluster, jobs).Read();
        var evidence = new Evidence
        {
            History = lines,
            Witness = witness.Read(),
            Killed = [.. processes.Killed],
            Epochs = journals.Epochs(),
            Words = journals.Words(),
            Events = workload.Events,
            Zero = BootClock.Zero,
            Final = final,
        };
        var noticed = await new BrokenGuard(cluster, witness).IsNoticed();
        await end.CancelAsync();
        await Task.WhenAll(background);
        return (evidence, supervisor, journals.Refused(), seconds, noticed);
    }

    private static ImmutableSortedDictionary<string, OutcomeCounts> Counts(ImmutableArray<HistoryEvent> history)
    {
        var changes = Operation.Of(history).GroupBy(operation => operation.Op)
            .ToImmutableSortedDictionary(
                group => group.Key,
                group => new OutcomeCounts(Of(group, OutcomeKind.Ok), Of(group, OutcomeKind.Fail), Of(group, OutcomeKind.Info)),
                StringComparer.Ordinal);
        var reads = history.Where(line => line.Op == "read").ToLookup(line => line.K);
        return changes.Add("read", new(reads[OutcomeKind.Ok].Count(), reads[OutcomeKind.Fail].Count(), reads[OutcomeKind.Info].Count()));

        static int Of(IEnumerable<Operation> operations, OutcomeKind outcome) =>
            operations.Count(operation => operation.Outcome == outcome);
    }
}
