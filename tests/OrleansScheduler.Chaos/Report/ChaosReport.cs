using System.Text;

namespace OrleansScheduler.Chaos;

/// <summary>What a run did and what came of it.</summary>
internal sealed record ChaosReport
{
    /// <summary>The command that does the same again. Faults and operations come in the same order; what they meet differs.</summary>
    public required string Command { get; init; }

    public required int Seed { get; init; }

    /// <summary>How long things were broken.</summary>
    public required double Seconds { get; init; }

    /// <summary>Why no link was cut; null when links were.</summary>
    public required string? WithoutNetwork { get; init; }

    /// <summary>How many faults there were of each class.</summary>
    public required ImmutableSortedDictionary<string, int> Faults { get; init; }

    /// <summary>Operations by what was done and their outcome.</summary>
    public required ImmutableSortedDictionary<string, OutcomeCounts> Operations { get; init; }

    /// <summary>What each class of fault cost, with several at once as a class.</summary>
    public required ImmutableSortedDictionary<string, FaultCost> Costs { get; init; }

    /// <summary>Attempts that told that they ran.</summary>
    public required int Attempts { get; init; }

    /// <summary>Processes that were started again.</summary>
    public required int Restarts { get; init; }

    /// <summary>Commands that agents refused because their sender was not the newest.</summary>
    public required int StaleCommands { get; init; }

    /// <summary>Faults that were got over too late on a machine that had too much else to do; L1 leaves them out.</summary>
    public required int TooBusy { get; init; }

    /// <summary>What the checks came to.</summary>
    public required ImmutableArray<CheckResult> Checks { get; init; }

    /// <summary>Checks that did not notice what was made up for them to notice.</summary>
    public required ImmutableArray<string> Blind { get; init; }

    /// <summary>How many made-up cases there were.</summary>
    public required int MadeUp { get; init; }

    /// <summary>Whether S3 was reported for an agent whose guard was dead; null when it could not be tried.</summary>
    public required bool? BrokenGuardNoticed { get; init; }

    /// <summary>Where everything is; null when it was deleted because all is well.</summary>
    public string? Directory { get; init; }

    /// <summary>Whether nothing was wrong.</summary>
    public bool IsClean => Failed == 0;

    /// <summary>The line that a test run adds up.</summary>
    public string Summary =>
        $"OrleansScheduler.Chaos  Total: {Checks.Length + MadeUp + 1}, Errors: 0, Failed: {Failed}, Skipped: {Skipped}, Not Run: 0";

    private int Failed => Checks.Count(check => check.Verdict == Verdict.Violated) + Blind.Length + (BrokenGuardNoticed == false ? 1 : 0);

    private int Skipped => Checks.Count(check => check.Verdict == Verdict.Unknown) + (BrokenGuardNoticed is null ? 1 : 0);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"seed {Seed}, {Faults.Values.Sum()} faults in {Seconds:0} s; again: {Command}");
        if (WithoutNetwork is not null) text.AppendLine(CultureInfo.InvariantCulture, $"no link was cut: {WithoutNetwork}");
        foreach (var (name, count) in Faults) text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-28}{count,5}");
        text.AppendLine(
            CultureInfo.InvariantCulture, $"{Attempts} attempts ran; {Restarts} restarts; {StaleCommands} stale commands refused");
        if (TooBusy > 0) text.AppendLine(CultureInfo.InvariantCulture,
            $"{TooBusy} times the machine was too busy to judge how long it took");
        foreach (var (name, counts) in Operations) text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-28}{counts}");
        foreach (var (name, cost) in Costs) text.AppendLine(CultureInfo.InvariantCulture, $"  {name,-28}{cost}");
        foreach (var check in Checks)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{check.Verdict,-9}{check.Id,-4}{check.Rule} ({check.Judged} judged)");
            foreach (var violation in check.Violations) text.AppendLine(CultureInfo.InvariantCulture, $"    {violation}");
        }

        foreach (var blind in Blind) text.AppendLine(CultureInfo.InvariantCulture, $"Blind    {blind}");
        text.AppendLine(CultureInfo.InvariantCulture, $"a dead guard was noticed: {BrokenGuardNoticed?.ToString() ?? "not tried"}");
        if (Directory is not null) text.AppendLine(CultureInfo.InvariantCulture, $"kept in {Directory}");
        return text.ToString();
    }
}

/// <summary>How operations of one kind ended.</summary>
internal sealed record OutcomeCounts(int Ok, int Refused, int Unknown)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Ok} ok, {Refused} refused, {Unknown} unknown";
}

/// <summary>What faults of one class cost, in seconds.</summary>
/// <param name="ReadGap">Longest time, from the fault until all was well, in which no read of anybody was answered.</param>
/// <param name="ChangeGap">The same of changes.</param>
/// <param name="Settled">Longest time until all was well after it was taken back.</param>
internal sealed record FaultCost(double ReadGap, double ChangeGap, double Settled)
{
    /// <inheritdoc/>
    public override string ToString() => $"no read for {ReadGap:0.0} s, no change for {ChangeGap:0.0} s, well again after {Settled:0.0} s";

    /// <summary>The worst of each class in a history.</summary>
    public static ImmutableSortedDictionary<string, FaultCost> Of(ImmutableArray<HistoryEvent> history)
    {
        double[] reads = [.. history.Where(line => line is { K: OutcomeKind.Ok, Op: "read" }).Select(line => line.T).Order()];
        double[] changes = [.. history.Where(line => line.K == OutcomeKind.Ok && line.Op != "read").Select(line => line.T).Order()];
        var costs = new Dictionary<string, FaultCost>(StringComparer.Ordinal);
        var from = double.NaN;
        foreach (var line in history)
        {
            if (line.K == OutcomeKind.Inject && double.IsNaN(from)) from = line.T;
            if (line.K != OutcomeKind.Settled) continue;
            if (!double.IsNaN(from))
            {
                var before = costs.GetValueOrDefault(line.Op, new(0, 0, 0));
                costs[line.Op] = new(
                    Math.Max(before.ReadGap, Gap(reads, from, line.T)), Math.Max(before.ChangeGap, Gap(changes, from, line.T)),
                    Math.Max(before.Settled, line.Took ?? 0));
            }

            from = double.NaN;
        }

        return costs.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    private static double Gap(double[] answers, double from, double to)
    {
        var gaps = answers.Zip(answers.Skip(1)).Where(pair => pair.Second > from && pair.First < to);
        return Math.Round(gaps.Select(pair => pair.Second - pair.First).DefaultIfEmpty(to - from).Max(), 2);
    }
}
