using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about tasks.</summary>
internal static class TaskEndpoints
{
    public static void MapTasks(this IEndpointRouteBuilder routes)
    {
        var tasks = routes.MapGroup("/v1/tasks").WithTags("Tasks");
        tasks.MapGet("/", List).WithName("ListTasks").WithProblems(400)
            .WithSummary(
                "Lists tasks over all jobs. "
                + "A page may be short, even empty, and still have a successor when the filter matches few tasks.");

        var task = tasks.MapGroup("/{role}/{env}/{name}/{instance}");
        task.MapGet("/", Describe).WithName("DescribeTask").WithProblems(400, 404).WithSummary("One task with its history.");
        task.MapPost("/kill", Kill).WithName("KillTask").WithProblems(400, 404, 409).WithSummary("Stops the task for good.");
        task.MapPost("/restart", Restart).WithName("RestartTask").WithProblems(400, 404, 409)
            .WithSummary("Stops the task and starts it again.");
        task.MapPost("/force", Force).WithName("ForceTask").WithProblems(400, 404, 409, 415, 422)
            .WithSummary("Moves the task to another status against what the cell believes; a status that does not follow changes nothing.");
        task.MapGet("/logs", ReadLog).WithName("ReadTaskLog").DisableRequestTimeout().AdmittedAs(RequestClass.Stream)
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/plain"]))
            .WithProblems(400, 404, 409)
            .WithSummary("A piece of the task's output, or with follow all of it as it comes until the attempt has ended.");
    }

    private static async Task<Results<Ok<Page<TaskView>>, ProblemResult>> List(
        HttpContext context, TaskDirectory directory, string? role, string? env, string? job, string? status, string? node, string? limit,
        string? page,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var filter = new TaskFilter(
            read.OptionalPart("role", role), read.OptionalPart("env", env), read.OptionalJob("job", job),
            read.Statuses("status", status), read.OptionalPart("node", node));
        var (count, after) = (read.Integer("limit", limit, 1, 500, 100), read.Page<TaskKey>(page, TaskKey.TryParse));
        if (read.Refusal is { } refusal) return refusal;
        return TypedResults.Ok(await directory.List(filter, after, count, cancellationToken));
    }

    private static async Task<Results<Ok<TaskView>, ProblemResult>> Describe(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string instance,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Task(role, env, name, instance);
        if (read.Refusal is { } refusal) return refusal;
        return (await Grain(grains, key).Describe(cancellationToken)).ToResult(() => NoSuchTask(key));
    }

    private static Task<Results<Ok<CommandReceipt>, ProblemResult>> Kill(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string instance,
        CancellationToken cancellationToken) =>
        Command(context, grains, role, env, name, instance, (task, operation, actor) => task.Kill(operation, actor, cancellationToken));

    private static Task<Results<Ok<CommandReceipt>, ProblemResult>> Restart(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string instance,
        CancellationToken cancellationToken) =>
        Command(context, grains, role, env, name, instance, (task, operation, actor) => task.Restart(operation, actor, cancellationToken));

    private static Task<Results<Ok<CommandReceipt>, ProblemResult>> Force(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string instance, ForceBody body,
        CancellationToken cancellationToken) =>
        Command(context, grains, role, env, name, instance,
            async (task, operation, actor) => ForceBody.Read(body) is var status && status.Problem is { } problem
                ? problem
                : await task.Force(operation, status.Value, actor, cancellationToken));

    private static async Task<Results<Ok<CommandReceipt>, ProblemResult>> Command(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string instance,
        Func<ITaskGrain, string, string, Task<Answer<CommandReceipt>>> call)
    {
        var read = new RequestReader(context);
        var (key, operation) = (read.Task(role, env, name, instance), read.OperationId());
        if (read.Refusal is { } refusal) return refusal;
        return (await call(Grain(grains, key), operation, Caller.Of(context))).ToResult();
    }

    private static async Task<IResult> ReadLog(
        HttpContext context, IGrainFactory grains, LogStream logs, string role, string env, string name, string instance,
        string? stream, string? process, string? attempt, string? offset, string? limit, string? follow,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Task(role, env, name, instance);
        var following = read.Flag("follow", follow);
        var most = following ? long.MaxValue : LogStream.PieceBytes;
        var bytes = read.Integer("limit", limit, 1L, most, most);
        var output = read.OneOf("stream", stream, "stdout", "stderr");
        var query = new LogQuery(
            read.Integer("attempt", attempt, 1, int.MaxValue, 0),
            read.OptionalPart("process", process) is { } part ? $"{part}/{output}" : output,
            read.Integer("offset", offset, -long.MaxValue, long.MaxValue, 0L), (int)Math.Min(bytes, LogStream.PieceBytes));
        if (read.Refusal is { } refusal) return refusal;

        var answer = await logs.Read(Grain(grains, key), query, cancellationToken);
        if (answer.Problem is { } problem) return new ProblemResult(problem);
        return following
            ? new LogFollowing(logs, Grain(grains, key), query, answer.Value!, bytes)
            : new LogPiece(answer.Value!);
    }

    private static ITaskGrain Grain(IGrainFactory grains, TaskKey key) => grains.GetGrain<ITaskGrain>(key.ToString());

    private static Problem NoSuchTask(TaskKey key) =>
        Problem.Of(ProblemKind.NotFound, "task-not-found", $"There is no task {key} in this cell.");
}
