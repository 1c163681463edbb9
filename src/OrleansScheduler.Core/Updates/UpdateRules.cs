namespace OrleansScheduler.Core;

/// <summary>The rules that a spec's update policy must keep.</summary>
internal static class UpdateRules
{
    public static void Check(JobSpec spec, JobFindings findings)
    {
        var update = spec.Update;
        if (spec.Type != JobType.Service && !update.Equals(new UpdatePolicy()))
            findings.Add(JobCode.NotForType, "update", "Only services are updated step by step; leave this out.");
        findings.CheckRange(update.Batch, WholeRange.Instances, "update.batch");
        CheckStrategy(update, findings);
        findings.CheckDuration(update.Watch, TimeSpan.Zero, "update.watch");
        findings.CheckRange(update.MaxInstanceFailures, WholeRange.Failures, "update.max-instance-failures");
        findings.CheckRange(update.MaxFailedInstances, WholeRange.Failures, "update.max-failed-instances");
        if (update.Pulse is { } pulse) findings.CheckDuration(pulse, JobLimits.MinPulse, "update.pulse");
        CheckInstances(update, findings);
        if (update.SlaAware && spec.Sla is null)
            findings.Add(JobCode.SlaRequired, "update.sla-aware", "An SLA-aware update needs an 'sla'.");
    }

    private static void CheckStrategy(UpdatePolicy update, JobFindings findings)
    {
        ImmutableArray<int> sizes = update.Batches.IsDefault ? [] : update.Batches;
        var isVariable = update.Strategy == UpdateStrategy.VariableBatch;
        if (update.Strategy is not (UpdateStrategy.Queue or UpdateStrategy.Batch or UpdateStrategy.VariableBatch
            or UpdateStrategy.BlueGreen))
            findings.Add(JobCode.UnknownValue, "update.strategy",
                $"{FieldWords.Show(update.Strategy)} is not a strategy; write queue, batch, variable-batch or blue-green.");
        else if (!isVariable && !sizes.IsEmpty)
            findings.Add(JobCode.UpdateStrategy, "update.batches", "Only variable-batch has sizes of groups; others have 'batch'.");
        if (isVariable && sizes.IsEmpty)
            findings.Add(JobCode.Required, "update.batches", "Strategy variable-batch needs sizes of groups, such as [1, 2, 5].");
        if (update.Batch != 1 && (isVariable || update.Strategy == UpdateStrategy.BlueGreen))
            findings.Add(JobCode.UpdateStrategy, "update.batch", $"Strategy {update.Strategy} has no 'batch'; leave it out.");
        if (update.AutoPause && update.Strategy is UpdateStrategy.Queue or UpdateStrategy.BlueGreen)
            findings.Add(JobCode.UpdateStrategy, "update.autopause", "Only groups have an end to pause at; use batch or variable-batch.");
        if (update.Strategy == UpdateStrategy.BlueGreen)
        {
            if (!update.Rollback)
                findings.Add(JobCode.UpdateStrategy, "update.rollback", "A new set that fails is always removed; leave this out.");
            if (!update.Instances.IsEmpty)
                findings.Add(JobCode.UpdateStrategy, "update.instances", "A new set replaces all instances; use another strategy.");
        }

        CheckItems(sizes.Length, "update.batches", findings);
        foreach (var (index, size) in sizes.Index()) findings.CheckRange(size, WholeRange.Instances, $"update.batches[{index}]");
    }

    private static void CheckInstances(UpdatePolicy update, JobFindings findings)
    {
        CheckItems(update.Instances.Ranges.Length, "update.instances", findings);
        if (update.Instances.Max >= JobLimits.MaxInstances)
            findings.Add(JobCode.AboveMaximum, "update.instances", $"An instance is at most {JobLimits.MaxInstances - 1}.");
    }

    private static void CheckItems(int count, string path, JobFindings findings)
    {
        if (count > JobLimits.MaxUpdateItems)
            findings.Add(JobCode.AboveMaximum, path, $"This has at most {JobLimits.MaxUpdateItems} items.");
    }
}
