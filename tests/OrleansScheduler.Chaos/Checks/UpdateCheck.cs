namespace OrleansScheduler.Chaos;

/// <summary>S16: an update takes down no more at once than it may, and one that fails leaves nothing behind.</summary>
internal static class UpdateCheck
{
    /// <summary>Instances that are moved at once.</summary>
    private const int Batch = 1;

    /// <summary>Seconds between two looks.</summary>
    private const double Step = 0.5;

    /// <summary>A task tells every half second that it lives: so long before its end it may have told it last.</summary>
    private const double Silence = 0.7;

    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        if (evidence.Final?.Jobs.GetValueOrDefault(WorkloadJob.Rolling.Key) is not { } job) return (0, []);
        var faults = FaultWindow.Of(evidence.History);
        var drains = DrainWindow.Of(evidence.History);
        var instances = AttemptRun.Of(evidence.Witness).Where(run => run.Attempt.Job == job.Key).ToLookup(run => run.Attempt.Instance);
        if (instances.Count == 0) return (0, []);
        var from = instances.Max(instance => instance.Min(run => run.From));
        var until = instances.Min(instance => instance.Max(run => run.To));
        var looks = Enumerable.Range(0, Math.Max(0, (int)((until - from) / Step))).Select(look => from + (look * Step)).ToArray();
        return (looks.Length, [.. looks.Select(Down).OfType<string>(), .. InTheEnd()]);

        string? Down(double at)
        {
            var down = instances.Where(instance => !instance.Any(run => run.From <= at && at <= run.To + Silence)).ToArray();
            if (down.Length <= Batch) return null;
            var unexplained = down.Where(instance => !IsExplained(instance, at)).ToArray();
            return unexplained.Length <= Batch ? null
                : $"instances {string.Join(", ", unexplained.Select(instance => instance.Key))} were down at {at:0.00}";
        }

        // By what happened to itself, or to the node that it was on, or is on next.
        bool IsExplained(IEnumerable<AttemptRun> instance, double at)
        {
            var before = instance.Where(run => run.To < at).MaxBy(run => run.To);
            if (before is not null && evidence.Killed.Contains(before.Attempt) && at <= before.To + FaultWindow.Late) return true;
            var after = instance.Where(run => run.From > at).MinBy(run => run.From);
            return new[] { before, after }.OfType<AttemptRun>().Any(run =>
                faults.Any(fault => fault.Explains(run.Node, at) || fault.Explains(run.Node, run.To))
                || drains.Any(drain => drain.Explains(run.Node, at) || drain.Explains(run.Node, run.To)));
        }

        IEnumerable<string> InTheEnd()
        {
            if (job.Update is { EndedAt: null } update) yield return $"the update to version {update.ToVersion} is still {update.Status}";
            var mark = job.Spec.Task.Env.GetValueOrDefault("MARK", "");
            if (mark.StartsWith(WorkloadJob.Bad, StringComparison.Ordinal))
                yield return $"the job stayed at version {job.Version}, which fails";
            foreach (var group in job.Versions.Where(group => group.Version != job.Version))
                yield return $"instances {group.Instances} are of version {group.Version}, the job of {job.Version}";
        }
    }
}
