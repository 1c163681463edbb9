using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about cron jobs and schedules.</summary>
internal static class CronEndpoints
{
    public static void MapCron(this IEndpointRouteBuilder routes)
    {
        var cron = routes.MapGroup("/v1/cron").WithTags("Cron");
        cron.MapGet("/", List).WithName("ListCronJobs").WithProblems(400)
            .WithSummary(
                "Lists cron jobs with their schedules, next runs and last runs. "
                + "A page may be short, even empty, and still have a successor when few jobs are cron jobs.");
        cron.MapGet("/explain", Explain).WithName("ExplainSchedule").WithProblems(400, 422)
            .WithSummary("What a schedule means and when it fires next.");

        var job = cron.MapGroup("/{role}/{env}/{name}");
        Map(job, CronVerb.Start, "Runs the job now, by its collision policy.");
        Map(job, CronVerb.Pause, "Passes the job's times over until it is resumed; what runs goes on.");
        Map(job, CronVerb.Resume, "Follows the schedule again, from the next time on.");
        Map(job, CronVerb.Stop, "Takes the job off its schedule; what runs goes on, and submitting the job again puts it back.");
    }

    private static void Map(RouteGroupBuilder job, CronVerb verb, string summary) =>
        job.MapPost(
            $"/{verb.ToString().ToLowerInvariant()}",
            (HttpContext context, IGrainFactory grains, string role, string env, string name, CancellationToken cancellationToken) =>
                Command(context, grains, role, env, name, verb, cancellationToken))
            .WithName($"{verb}CronJob").WithProblems(400, 404, 409).WithSummary(summary);

    private static async Task<Results<Ok<Page<JobView>>, ProblemResult>> List(
        HttpContext context, CronDirectory directory, string? role, string? env, string? limit, string? page,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (inRole, inEnvironment) = (read.OptionalPart("role", role), read.OptionalPart("env", env));
        var (count, after) = (read.Integer("limit", limit, 1, 500, 100), read.Page<JobKey>(page, JobKey.TryParse));
        if (read.Refusal is { } refusal) return refusal;
        return TypedResults.Ok(await directory.List(after, inRole, inEnvironment, count, cancellationToken));
    }

    private static Results<Ok<CronExplanation>, ProblemResult> Explain(
        HttpContext context, TimeProvider time, string? expression, string? timezone, string? from, string? count)
    {
        var read = new RequestReader(context);
        var schedule = read.Required("expression", expression);
        var begin = read.Time("from", from, time.GetUtcNow());
        var most = read.Integer("count", count, 1, CronExplanation.MaxCount, CronExplanation.DefaultCount);
        if (read.Refusal is { } refusal) return refusal;
        return CronExplanation.Of(schedule, timezone ?? "UTC", begin, most).ToResult();
    }

    private static async Task<Results<Ok<CommandReceipt>, ProblemResult>> Command(
        HttpContext context, IGrainFactory grains, string role, string env, string name, CronVerb verb, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (key, operation) = (read.Job(role, env, name), read.OperationId());
        if (read.Refusal is { } refusal) return refusal;
        var command = new CronCommand(operation, verb, Caller.Of(context));
        return (await grains.GetGrain<IJobGrain>(key.ToString()).Cron(command, cancellationToken)).ToResult();
    }
}
