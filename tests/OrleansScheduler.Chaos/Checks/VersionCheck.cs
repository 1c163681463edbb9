namespace OrleansScheduler.Chaos;

/// <summary>S17: no update is lost under another.</summary>
internal static class VersionCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        Operation[] won = [.. Operation.Of(evidence.History).Where(operation => operation is { Op: "update", Outcome: OutcomeKind.Ok })];
        return (won.Length, [.. Next(), .. Twice()]);

        IEnumerable<string> Next() =>
            from update in won
            where update.Answers[0].Version != update.Asked.Expected + 1
            select $"{update.Asked.P} expected version {update.Asked.Expected} of {update.Job} and made {update.Answers[0].Version} of it";

        IEnumerable<string> Twice() =>
            from same in won.GroupBy(update => (update.Job, update.Asked.Expected))
            where same.Count() > 1
            select $"{string.Join(" and ", same.Select(update => update.Asked.P))} replaced version {same.Key.Expected} of {same.Key.Job}";
    }
}
