using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about updates and versions of jobs.</summary>
internal static class UpdateEndpoints
{
    private static readonly (UpdateVerb Verb, string Summary)[] Verbs =
    [
        (UpdateVerb.Pause, "Holds the job's update: no further instance sets out until it is resumed."),
        (UpdateVerb.Resume, "Lets a paused update go on."),
        (UpdateVerb.Abort, "Ends the job's update half way; the instances stay what they are."),
        (UpdateVerb.Rollback, "Takes the instances of an active update back to what they were."),
        (UpdateVerb.Pulse, "Tells the job's update that its guard is alive; answers 'finished' when it needs no pulse any more."),
    ];

    public static void MapUpdates(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/updates", ListActive).WithTags("Updates").WithName("ListUpdates").WithProblems(400)
            .WithSummary("Lists the updates that have not ended, in the order of their jobs; a page may have fewer items than wanted.");
        var job = routes.MapGroup("/v1/jobs/{role}/{env}/{name}").WithTags("Updates");
        job.MapGet("/updates", ListOfJob).WithName("ListUpdatesOfJob").WithProblems(400, 404)
            .WithSummary("The job's updates that are remembered, newest first, each with its story.");
        job.MapGet("/versions", ListVersions).WithName("ListVersions").WithProblems(400, 404)
            .WithSummary("The job's specs that are kept, newest first.");
        job.MapGet("/diff", Diff).WithName("DiffVersions").WithProblems(400, 404)
            .WithSummary("What differs between two versions of the job; without versions, between the last two.");
        job.MapPost("/rollback", Rollback).WithName("RollbackJob").WithProblems(400, 404, 409, 412, 415, 422)
            .WithSummary("Moves the job to the spec that an earlier version had, as an update.");
        foreach (var (verb, summary) in Verbs)
        {
            var word = verb.ToString();
            job.MapPost($"/update/{word.ToLowerInvariant()}", (
                    HttpContext context, IGrainFactory grains, string role, string env, string name, UpdateBody? body,
                    CancellationToken cancellationToken) => Change(verb, context, grains, role, env, name, body, cancellationToken))
                .WithName($"{word}Update").WithProblems(400, 404, 409, 415, 422).WithSummary(summary);
        }
    }

    private static async Task<Results<Ok<Page<UpdateView>>, ProblemResult>> ListActive(
        HttpContext context, JobDirectory directory, string? role, string? env, string? limit, string? page,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (inRole, inEnvironment) = (read.OptionalPart("role", role), read.OptionalPart("env", env));
        var (count, after) = (read.Integer("limit", limit, 1, 500, 100), read.Page<JobKey>(page, JobKey.TryParse));
        if (read.Refusal is { } refusal) return refusal;

        // Only the jobs know of their updates, so a page is those of so many jobs.
        var jobs = await directory.Describe(after, inRole, inEnvironment, count, cancellationToken);
        var active = jobs.Items.Where(job => job is { Phase: JobPhase.Updating or JobPhase.Paused, Update: not null });
        return TypedResults.Ok(new Page<UpdateView>([.. active.Select(job => job.Update!)], jobs.Next));
    }

    private static async Task<Results<Ok<UpdatesReply>, ProblemResult>> ListOfJob(
        HttpContext context, IGrainFactory grains, string role, string env, string name, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        if (read.Refusal is { } refusal) return refusal;
        var job = grains.GetGrain<IJobGrain>(key.ToString());
        var updates = await job.ListUpdates(cancellationToken);
        if (updates.IsEmpty && await job.Describe(cancellationToken) is null) return new ProblemResult(Problem.NoSuchJob(key));
        return TypedResults.Ok(new UpdatesReply(updates));
    }

    private static async Task<Results<Ok<VersionsReply>, ProblemResult>> ListVersions(
        HttpContext context, IGrainFactory grains, string role, string env, string name, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        if (read.Refusal is { } refusal) return refusal;
        var versions = await grains.GetGrain<IJobGrain>(key.ToString()).ListVersions(cancellationToken);
        if (versions.IsEmpty) return new ProblemResult(Problem.NoSuchJob(key));
        return TypedResults.Ok(new VersionsReply(versions));
    }

    private static async Task<Results<Ok<JobDiffView>, ProblemResult>> Diff(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string? from, string? to,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        var (older, newer) = (read.Integer("from", from, 1, int.MaxValue, 0), read.Integer("to", to, 1, int.MaxValue, 0));
        if (read.Refusal is { } refusal) return refusal;
        var versions = await grains.GetGrain<IJobGrain>(key.ToString()).ListVersions(cancellationToken);
        return JobDiff.Between(key, versions, older, newer).ToResult();
    }

    private static async Task<Results<Ok<SubmitReceipt>, ProblemResult>> Rollback(
        HttpContext context, IGrainFactory grains, string role, string env, string name, RollbackBody body,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (key, operation, version) = (read.Job(role, env, name), read.OperationId(), read.ExpectedVersion());
        if (read.Refusal is { } refusal) return refusal;
        var command = new RollbackCommand(operation, body.To, version, Caller.Of(context));
        return (await grains.GetGrain<IJobGrain>(key.ToString()).RollbackTo(command, cancellationToken)).ToResult();
    }

    private static async Task<Results<Ok<UpdateReceipt>, ProblemResult>> Change(
        UpdateVerb verb, HttpContext context, IGrainFactory grains, string role, string env, string name, UpdateBody? body,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (key, operation) = (read.Job(role, env, name), read.OperationId());
        if (read.Refusal is { } refusal) return refusal;
        if (UpdateBody.Check(body) is { } problem) return new ProblemResult(problem);
        var command = new UpdateCommand(operation, verb, body?.Update, body?.Message, Caller.Of(context));
        return (await grains.GetGrain<IJobGrain>(key.ToString()).ChangeUpdate(command, cancellationToken)).ToResult();
    }
}
