namespace OrleansScheduler.Chaos;

/// <summary>S3: an instance does not run twice at once.</summary>
internal static class OverlapCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var faults = FaultWindow.Of(evidence.History);
        var runs = AttemptRun.Of(evidence.Witness);
        return (runs.Length, runs.GroupBy(run => (run.Attempt.Job, run.Attempt.Instance)).SelectMany(Overlaps));

        IEnumerable<string> Overlaps(IEnumerable<AttemptRun> instance)
        {
            AttemptRun? longest = null;
            foreach (var run in instance.OrderBy(run => run.From))
            {
                if (longest is { } before && run.From + BootClock.Grain < before.To && !IsExcused(before, run))
                {
                    yield return $"{before.Attempt} on {before.Node} lived {before.From:0.00} to {before.To:0.00}, "
                        + $"{run.Attempt} on {run.Node} from {run.From:0.00} to {run.To:0.00}";
                }

                if (longest is null || run.To > longest.To) longest = run;
            }
        }

        bool IsExcused(AttemptRun before, AttemptRun run) =>
            !WorkloadJob.IsStrict(before.Attempt.Job)
            && faults.Any(fault =>
                (fault.Nodes.Contains(before.Node) || fault.Nodes.Contains(run.Node)) && fault.From <= run.From
                && Math.Min(before.To, run.To) <= fault.To + AttemptRun.Cleanup);
    }
}
