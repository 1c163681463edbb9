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
        var view = await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).Explain(key, cancellationToken);
        if (view is { Groups.IsEmpty: false }) return TypedResults.Ok(view);

        // The ledger knows only what was claimed: whether the job exists, and whether it claims anything yet, is the job's to say.
        if (await grains.GetGrain<IJobGrain>(key.ToString()).Describe(cancellationToken) is not { } job)
            return new ProblemResult(Problem.NoSuchJob(key));
        if (job.WaitsFor.IsEmpty)
        {
            var summary = (view?.Summary ?? Summarise(job)) + SummariseUnready(job);
            return TypedResults.Ok((view ?? new ExplainView { Key = key, Summary = summary }) with { Summary = summary });
        }

        return TypedResults.Ok(new ExplainView { Key = key, Summary = await SummariseWaiting(job, grains, cancellationToken) });
    }

    private static async Task<string> SummariseWaiting(JobView job, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var others = await Fanout.Ask(
            job.WaitsFor, (other, token) => grains.GetGrain<IJobGrain>(other.ToString()).Describe(token), cancellationToken);
        var words = job.WaitsFor.Zip(others, (key, other) => other is null
            ? $"{key}, which there is not"
            : $"{key}, which is {other.Phase.ToString().ToLowerInvariant()}");
        return $"{job.Key} starts when these have succeeded: {string.Join("; ", words)}.";
    }

    private static string Summarise(JobView job) => job.Counts.IsEmpty
        ? $"No instance of {job.Key} waits for a node: it has none."
        : $"No instance of {job.Key} waits for a node: {string.Join(", ", job.Counts.Select(count => $"{count.Value} {count.Key}"))}.";

    private static string SummariseUnready(JobView job) => job.NotReady == 0
        ? ""
        : $" Of those that are RUNNING {job.NotReady} {(job.NotReady == 1 ? "is" : "are")} not ready.";
}
