namespace OrleansScheduler.Chaos;

/// <summary>What a check came to.</summary>
internal enum Verdict
{
    Passed,
    Violated,

    /// <summary>There was nothing that it could have been seen by.</summary>
    Unknown,
}

/// <summary>Judges one rule by what a run left.</summary>
/// <param name="Id">The rule's name.</param>
/// <param name="Rule">What must hold.</param>
/// <param name="Judge">Answers how many cases it has looked at, and those that break the rule.</param>
internal sealed record Check(string Id, string Rule, Func<Evidence, (int Judged, IEnumerable<string> Violations)> Judge)
{
    private const int MostShown = 20;

    /// <summary>All of them.</summary>
    public static ImmutableArray<Check> All { get; } =
    [
        new("S1", "tasks that live at once ask for no more than their node has", CapacityCheck.JudgeAmounts),
        new("S2", "a port of a node has one holder", CapacityCheck.JudgePorts),
        new("S3", "strict instances never run twice, others only around a fault of their node", OverlapCheck.Judge),
        new("S4", "an accepted job is never lost", AcceptedCheck.Judge),
        new("S5", "an unknown outcome is all or nothing, a refusal nothing, and the same key gets the same answer", OutcomeCheck.Judge),
        new("S6", "another request under the same key is refused", ReuseCheck.Judge),
        new("S7", "tasks only take the steps that there are", LifeCheck.JudgeSteps),
        new("S8", "each attempt is started at most once and known to its job", LifeCheck.JudgeAttempts),
        new("S9", "the recorded end is the real one", ExitCheck.Judge),
        new("S10", "what is reserved is what is placed", LedgerCheck.Judge),
        new("S11", "nothing runs that no job wants, and what should run does", AliveCheck.Judge),
        new("S12", "agents never obey an earlier ledger", EpochCheck.Judge),
        new("S13", "no more is accepted than a quota lets", QuotaCheck.Judge),
        new("S14", "who makes room is tried again, and his room is free before it is given away", PreemptionCheck.JudgeVictims),
        new("S15", "nobody makes room for somebody who does not come", PreemptionCheck.JudgeBeneficiaries),
        new("S16", "an update takes down what it may, and one that fails leaves nothing behind", UpdateCheck.Judge),
        new("S17", "of writers that expect one version one wins, and gets the next", VersionCheck.Judge),
        new("S18", "tasks outlive agents, gateways, silos and the store", SurvivalCheck.Judge),
        new("S19", "what an agent has seen of a task its job learns, in order and to the end", WordCheck.Judge),
        new("S20", "who reads sees what was accepted before, and nothing that nobody asked for", RegisterCheck.Judge),
        new("S21", "a client never reads an earlier state than before", ReadCheck.Judge),
        new("S22", "who follows the feed gets every event once, or is told that some are missing", EventCheck.Judge),
        new("S23", "each time of a schedule has one run, or the job says why not", CronCheck.Judge),
        new("S24", "nothing starts on a node that is out of service", DrainCheck.Judge),
        new("S25", "nothing runs where its constraints do not let it", CapacityCheck.JudgeConstraints),
        new("S26", "a stop is final", StopCheck.Judge),
        new("L1", $"all is as it should be {Settling.Allowed.TotalSeconds:0} s after a fault", SettledCheck.JudgeFaults),
        new("L2", $"who waits gets a node within {StatusTimeCheck.Placement:0} s while nothing is broken", StatusTimeCheck.JudgePlacement),
        new("L3", "nobody stays for long where he only passes through", StatusTimeCheck.JudgePassing),
        new("L4", $"cell, reservations and nodes agree {SettledCheck.Agreement:0} s after the last fault", SettledCheck.JudgeAgreement),
        new("L5", "no person is needed", SettledCheck.JudgeCell),
    ];

    /// <summary>Judges.</summary>
    public CheckResult Of(Evidence evidence)
    {
        var (judged, violations) = Judge(evidence);
        string[] found = [.. violations];
        return new()
        {
            Id = Id,
            Rule = Rule,
            Judged = judged,
            Verdict = found.Length > 0 ? Verdict.Violated : judged == 0 ? Verdict.Unknown : Verdict.Passed,
            Count = found.Length,
            Violations = [.. found.Take(MostShown)],
        };
    }
}

/// <summary>A check's result.</summary>
internal sealed record CheckResult
{
    public required string Id { get; init; }

    public required string Rule { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>How many cases were looked at.</summary>
    public required int Judged { get; init; }

    /// <summary>How many break the rule.</summary>
    public required int Count { get; init; }

    /// <summary>The first of them.</summary>
    public required ImmutableArray<string> Violations { get; init; }
}
