namespace OrleansScheduler.Gateway;

/// <summary>Says what submitting a job file would do, by asking the jobs what they are and the ledger what it would make of it.</summary>
internal sealed class JobPlanner(IGrainFactory grains)
{
    public async Task<Answer<PlanView>> Plan(ImmutableArray<JobSpec> specs, CancellationToken cancellationToken)
    {
        if (await DependencySearch.Check(specs, grains, cancellationToken) is { } circle) return circle;
        var jobs = await Fanout.Ask(specs, Plan, cancellationToken);

        // A cron job starts nothing by being submitted.
        var submitted = specs.Zip(jobs)
            .Where(pair => pair.First.Type != JobType.Cron && pair.Second is { Problem: null, Outcome: not SubmitOutcome.Unchanged })
            .Select(pair => pair.First);
        var outlook = await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id)
            .WhatIf(new() { Jobs = [.. submitted] }, cancellationToken);
        if (outlook.Problem is { } problem) return problem;
        return new PlanView { Jobs = [.. jobs], Outlook = outlook.Value! };
    }

    private async Task<JobPlan> Plan(JobSpec spec, CancellationToken cancellationToken)
    {
        if (await grains.GetGrain<IJobGrain>(spec.Key.ToString()).Describe(cancellationToken) is not { } job)
            return new() { Key = spec.Key, Outcome = SubmitOutcome.Created };
        var standing = JobStanding.Of(job);
        spec = SubmitRules.Meant(standing, spec);
        var judged = SubmitRules.Judge(standing, spec);
        return new()
        {
            Key = spec.Key,
            Outcome = judged.Value ?? SubmitOutcome.Refused,
            Version = job.Version,
            Changes = JobDiff.Between(job.Spec, spec),
            Problem = judged.Problem,
        };
    }
}
