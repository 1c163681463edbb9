namespace OrleansScheduler.Chaos;

/// <summary>S6: who asks for something else under a key that was used is refused, with that as the reason.</summary>
internal static class ReuseCheck
{
    private const string Refusal = "idempotency-key-reused";

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        HistoryEvent[] answers =
        [
            .. evidence.History.Where(line => line is { Op: "reuse", K: OutcomeKind.Ok or OutcomeKind.Fail }),
        ];
        return (answers.Length, from line in answers
                                where line.K == OutcomeKind.Ok || line.Code != Refusal
                                select $"{line.P} used the key of {line.Job} again at {line.T:0.00}: {line.Code ?? "accepted"}");
    }
}
