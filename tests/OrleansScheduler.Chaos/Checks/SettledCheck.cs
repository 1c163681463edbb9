namespace OrleansScheduler.Chaos;

/// <summary>L1, L4 and L5: after faults the cell comes to what it should be, in time and by itself.</summary>
internal static class SettledCheck
{
    /// <summary>Seconds in which everybody has to agree.</summary>
    public const double Agreement = 10;

    public static (int Judged, IEnumerable<string> Violations) JudgeFaults(Evidence evidence)
    {
        HistoryEvent[] settled = [.. evidence.History.Where(line => line.K == OutcomeKind.Settled)];
        return (settled.Length, settled.Where(line => line.Code is not null || line.Took > Settling.Allowed.TotalSeconds)
            .Select(line => $"{line.Took} s after {line.Op} at {line.T:0.00}: {line.Code ?? "all was well, but late"}"));
    }

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
