namespace OrleansScheduler.Chaos;

/// <summary>S4: what was accepted is there, at once and in the end, as it was asked for.</summary>
internal static class AcceptedCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        if (evidence.Final is not { } final) return (0, []);
        var operations = Operation.Of(evidence.History);
        Operation[] accepted = [.. operations.Where(operation => operation is { Op: "submit", Outcome: OutcomeKind.Ok })];
        var about = operations.ToLookup(operation => operation.Job);
        var since = accepted.GroupBy(operation => operation.Job)
            .ToDictionary(group => group.Key, group => group.Min(operation => operation.Done));
        return (accepted.Length, [.. accepted.SelectMany(InTheEnd), .. Reads()]);

        IEnumerable<string> InTheEnd(Operation submit)
        {
            if (final.Jobs.GetValueOrDefault(submit.Job) is not { } job)
            {
                yield return $"{submit.Job} was accepted at {submit.Done:0.00} and does not exist";
                yield break;
            }

            var scales = about[submit.Job].Where(operation => operation.Op == "scale").ToArray();
            var last = scales.Where(scale => scale.Outcome == OutcomeKind.Ok).MaxBy(scale => scale.Done) ?? submit;
            int?[] allowed =
            [
                last.Asked.Instances, .. scales.Where(scale => scale.Outcome == OutcomeKind.Info).Select(scale => scale.Asked.Instances),
            ];
            if (!allowed.Contains(job.Instances))
                yield return $"{submit.Job} has {job.Instances} instances, asked for {string.Join(" or ", allowed)}";
            var stops = about[submit.Job].Where(operation => operation.Op == "stop").ToArray();
            if (stops.Length == 0 && job.Phase is JobPhase.Stopped or JobPhase.Stopping)
                yield return $"{submit.Job} is {job.Phase} and nobody asked for it";
            if (stops.Any(stop => stop.Outcome == OutcomeKind.Ok) && job.Phase != JobPhase.Stopped && job.Type == JobType.Service)
                yield return $"{submit.Job} is {job.Phase} and was stopped";
        }

        IEnumerable<string> Reads() =>
            from line in evidence.History
            where line is { Op: "read", K: OutcomeKind.Fail } && line.Code?.EndsWith("not-found", StringComparison.Ordinal) == true
            where JobKey.TryParse(line.Job, out var job) && since.TryGetValue(job, out var done) && done < line.T
            let sent = evidence.History.Last(other => other.P == line.P && other.K == OutcomeKind.Invoke && other.T <= line.T).T
            where sent > since[JobKey.Parse(line.Job!)]
            select $"{line.Job} was accepted and {line.P} did not find it at {line.T:0.00}";
    }
}
