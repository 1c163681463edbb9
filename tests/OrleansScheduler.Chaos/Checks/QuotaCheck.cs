namespace OrleansScheduler.Chaos;

/// <summary>S13: jobs that a quota counts never ask for more together.</summary>
internal static class QuotaCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var operations = Operation.Of(evidence.History).Where(operation => operation.Job.Environment == WorkloadJob.Counted).ToArray();
        var stops = operations.Where(operation => operation.Op == "stop").ToLookup(operation => operation.Job);
        (JobKey Job, double From, double To)[] held =
        [
            .. from submit in operations
               where submit is { Op: "submit", Outcome: OutcomeKind.Ok }
               select (submit.Job, submit.Done, stops[submit.Job].Select(stop => stop.Asked.T).DefaultIfEmpty(double.MaxValue).Min()),
        ];
        return (held.Length, from job in held
                             let together = held.Where(other => other.From <= job.From && job.From < other.To).ToArray()
                             where together.Length > WorkloadJob.Quota
                             select $"at {job.From:0.00} there are {together.Length} jobs where {WorkloadJob.Quota} may be: "
                                 + string.Join(", ", together.Select(other => other.Job.Name)));
    }
}
