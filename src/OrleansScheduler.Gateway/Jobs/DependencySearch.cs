namespace OrleansScheduler.Gateway;

/// <summary>Looks for jobs that would wait for each other, over the file and over what the cell has.</summary>
/// <remarks>
/// Two submits at the same moment can still make a circle that neither saw. Its jobs wait, and <c>explain</c> names what for.
/// </remarks>
internal static class DependencySearch
{
    /// <summary>Why the specs cannot be taken; null when nothing waits in a circle.</summary>
    public static async Task<Problem?> Check(ImmutableArray<JobSpec> specs, IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (specs.All(spec => spec.After.IsEmpty)) return null;
        var known = specs.DistinctBy(spec => spec.Key).ToDictionary(spec => spec.Key, spec => spec.After);
        foreach (var (document, spec) in specs.Index())
        {
            if (spec.After.IsEmpty) continue;
            try
            {
                var cycle = await DependencyRules.FindCycle(spec.Key, AfterOf);
                if (cycle.IsEmpty) continue;
                return Refuse(spec, document, "dependency-cycle", $"These jobs would wait for each other: {string.Join(" → ", cycle)}.");
            }
            catch (DependencyRules.TooManyException)
            {
                return Refuse(spec, document, "dependencies-too-many",
                    $"More than {DependencyRules.MaxBefore} jobs would have to succeed before {spec.Key}.");
            }
        }

        return null;

        async ValueTask<ImmutableArray<JobKey>> AfterOf(JobKey job)
        {
            if (known.TryGetValue(job, out var after)) return after;
            after = (await grains.GetGrain<IJobGrain>(job.ToString()).Describe(cancellationToken))?.Spec.After ?? [];
            return known[job] = after;
        }
    }

    private static Problem Refuse(JobSpec spec, int document, string code, string message) =>
        Problem.Of(ProblemKind.Invalid, code, $"{spec.Key} cannot wait so. {message}") with
        {
            Errors = [new FieldError(code, "after", message, 0, 0, document)],
        };
}
