namespace OrleansScheduler.Chaos;

/// <summary>S21: what a client has read or been told of a job, it never reads an earlier state of, whichever gateway it asks.</summary>
internal static class ReadCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        HistoryEvent[] answers = [.. evidence.History.Where(line => line is { K: OutcomeKind.Ok, Job: not null, Version: not null })];
        return (answers.Count(line => line.Op == "read"), answers.GroupBy(line => (line.P, line.Job)).SelectMany(Session));

        static IEnumerable<string> Session(IEnumerable<HistoryEvent> session)
        {
            var (revision, version) = (0L, 0);
            foreach (var line in session)
            {
                if (line.Op == "read" && (line.Revision < revision || line.Version < version))
                {
                    yield return $"{line.P} read revision {line.Revision} and version {line.Version} of {line.Job} at {line.T:0.00}, "
                        + $"and knew of {revision} and {version}";
                }

                // The answer to a repeated change is that of then.
                revision = Math.Max(revision, line.Revision ?? 0);
                version = Math.Max(version, line.Version ?? 0);
            }
        }
    }
}
