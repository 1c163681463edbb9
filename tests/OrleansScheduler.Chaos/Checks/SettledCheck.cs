namespace OrleansScheduler.Chaos;

/// <summary>L1, L4 and L5: after faults the cell comes to what it should be, in time and by itself.</summary>
internal static class SettledCheck
{
    /// <summary>Seconds in which everybody has to agree.</summary>
    public const double Agreement = 10;

    /// <summary>With more than so many processes for each processor nobody can say why something takes long.</summary>
    private const double TooBusy = 8;

    public static (int Judged, IEnumerable<string> Violations) JudgeFaults(Evidence evidence)
    {
        HistoryEvent[] settled = [.. evidence.History.Where(line => line.K == OutcomeKind.Settled)];
        HistoryEvent[] judged = [.. settled.Where(line => !IsLate(line) || line.Code is not null || !(line.Load > TooBusy))];
        return (judged.Length, judged.Where(line => line.Code is not null || IsLate(line))
            .Select(line => $"{line.Took} s after {line.Op} at {line.T:0.00}: {line.Code ?? $"well, but late; last: {line.Outcome}"}"));
    }

    /// <summary>How many faults were got over too late on a machine that had too much else to do.</summary>
    public static int NotJudged(Evidence evidence) =>
        evidence.History.Count(line => line is { K: OutcomeKind.Settled, Code: null } && IsLate(line) && line.Load > TooBusy);

    private static bool IsLate(HistoryEvent line) => line.Took > Settling.Allowed.TotalSeconds;

    public static (int Judged, IEnumerable<string> Violations) JudgeAgreement(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var late = final.Differs is not null || final.AgreedAfter > Agreement;
        return (1, late ? [$"after {final.AgreedAfter:0.0} s: {final.Differs ?? "they agree, but late"}"] : []);
    }

    public static (int Judged, IEnumerable<string> Violations) JudgeCell(Evidence evidence)
    {
        if (evidence.Final?.Cell is not { } cell) return (0, []);
        return (1, Wrong());

        IEnumerable<string> Wrong()
        {
            if (cell.SafeMode) yield return $"the cell waits for an operator: {cell.SafeModeReason}";
            if (cell.Degraded.Length > 0) yield return $"the cell is without {string.Join(", ", cell.Degraded)}";
            foreach (var job in evidence.Final.Jobs.Values.OfType<JobView>())
            {
                if (job.Phase is JobPhase.Pending or JobPhase.Stopping || (job.Type == JobType.Batch && job.Phase == JobPhase.Running))
                    yield return $"{job.Key} is still {job.Phase}: {string.Join(", ", job.Counts)}";
            }
        }
    }
}
