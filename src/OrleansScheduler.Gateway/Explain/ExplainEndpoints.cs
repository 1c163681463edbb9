using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The route that says why instances wait.</summary>
internal static class ExplainEndpoints
{
    public static void MapExplain(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/explain/{role}/{env}/{name}", Explain).WithTags("Explain").WithName("ExplainJob").WithProblems(400, 404)
            .WithSummary("Why instances of a job wait for a node.");

    private static async Task<Results<Ok<ExplainView>, ProblemResult>> Explain(
        HttpContext context, IGrainFactory grains, string role, string env, string name, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        if (read.Refusal is { } refusal) return refusal;
        if (await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Explain(key, cancellationToken) is { } view)
            return TypedResults.Ok(view);

        // The ledger knows only who waits: whether the job exists at all is the job's to say.
        if (await grains.GetGrain<IJobGrain>(key.ToString()).Describe(cancellationToken) is not { } job)
            return new ProblemResult(Problem.NoSuchJob(key));
        return TypedResults.Ok(new ExplainView { Key = key, Summary = Summarise(job) });
    }

    private static string Summarise(JobView job) => job.Counts.IsEmpty
        ? $"No instance of {job.Key} waits for a node: it has none."
        : $"No instance of {job.Key} waits for a node: {string.Join(", ", job.Counts.Select(count => $"{count.Value} {count.Key}"))}.";
}
