using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about services: where their healthy instances are.</summary>
internal static class ServiceEndpoints
{
    public static void MapServices(this IEndpointRouteBuilder routes)
    {
        var services = routes.MapGroup("/v1/services").WithTags("Services");
        services.MapGet("/", List).WithName("ListServices").WithProblems(400)
            .WithSummary(
                "Lists services with their healthy instances, in the order of their keys. "
                + "A page may be short, even empty, and still have a successor where there are many other jobs.");
        services.MapGet("/{role}/{env}/{name}", Describe).WithName("DescribeService").DisableRequestTimeout()
            .AdmittedAs(RequestClass.Stream)
            .WithMetadata(new ProducesResponseTypeMetadata(
                StatusCodes.Status200OK, typeof(ServiceView), ["application/json", "text/event-stream"]))
            .WithProblems(400, 404)
            .WithSummary(
                "The healthy instances of one service: once, or as server-sent events with ?watch or Accept: text/event-stream, each the "
                + "whole service. Last-Event-ID resumes.");
    }

    private static async Task<Results<Ok<Page<ServiceView>>, ProblemResult>> List(
        HttpContext context, ServiceDirectory directory, string? role, string? env, string? limit, string? page,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (inRole, inEnvironment) = (read.OptionalPart("role", role), read.OptionalPart("env", env));
        var (count, after) = (read.Integer("limit", limit, 1, 500, 100), read.Page<JobKey>(page, JobKey.TryParse));
        if (read.Refusal is { } refusal) return refusal;
        return TypedResults.Ok(await directory.List(after, inRole, inEnvironment, count, cancellationToken));
    }

    private static async Task<IResult> Describe(
        HttpContext context, ServiceDirectory directory, ServiceFollower follower, TimeProvider time, IHostApplicationLifetime lifetime,
        string role, string env, string name, string? watch, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        var watching = read.Flag("watch", watch) || EventEndpoints.Accepts(context.Request, "text/event-stream");
        if (read.Refusal is { } refusal) return refusal;

        var answer = await directory.Describe(key, cancellationToken).WaitAsync(Patience, time, cancellationToken);
        if (answer.Value is not { } service) return new ProblemResult(answer.Problem!);
        if (watching)
        {
            var seen = context.Request.Headers["Last-Event-ID"];
            return new ServiceStream(follower, key, seen.Count == 1 ? seen.ToString() : null, time, lifetime);
        }

        context.Response.Headers.ETag = $"\"{service.Cursor}\"";
        return TypedResults.Ok(service);
    }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
}
