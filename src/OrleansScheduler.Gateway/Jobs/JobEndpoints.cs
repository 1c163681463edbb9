using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about jobs.</summary>
internal static class JobEndpoints
{
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/v1/jobs").WithTags("Jobs");
        jobs.MapPost("/", Submit).WithName("SubmitJobs").AcceptsJobFile().WithProblems(400, 409, 412, 413, 415, 422)
            .WithSummary(
                "Creates jobs or moves them to other specs: every document of the job file is validated before the first is submitted.");
        jobs.MapPost("/validate", Validate).WithName("ValidateJobs").AcceptsJobFile().WithProblems(400, 413, 415, 422)
            .WithSummary("Checks a job file and answers it as it was understood; changes nothing.");
        routes.MapPost("/v1/plan", Plan).WithTags("Jobs").WithName("PlanJobs").AcceptsJobFile().WithProblems(400, 413, 415, 422)
            .WithSummary("What submitting a job file would do to its jobs and to the cell; changes nothing.");
        jobs.MapGet("/", List).WithName("ListJobs").WithProblems(400).WithSummary("Lists jobs in the order of their keys.");

        var job = jobs.MapGroup("/{role}/{env}/{name}");
        job.MapGet("/", Describe).WithName("DescribeJob").WithProblems(400, 404).WithSummary("One job, with its spec and its update.");
        job.MapGet("/tasks", ListTasks).WithName("ListTasksOfJob").WithProblems(400, 404).WithSummary("The job's tasks by instance.");
        job.MapGet("/sla", DescribeSla).WithName("DescribeJobSla").WithProblems(400, 404)
            .WithSummary("How well the job was served in a window that ends now; the last minute unless 'window' says otherwise.");
        job.MapPost("/stop", Stop).WithName("StopJob").WithProblems(400, 404, 409, 415, 422)
            .WithSummary("Stops instances for good; all of them, and with them the job, when none are named.");
        job.MapPost("/restart", Restart).WithName("RestartJob").WithProblems(400, 404, 409, 415, 422)
            .WithSummary("Stops instances and starts them again; all of them when none are named.");
        job.MapPost("/scale", Scale).WithName("ScaleJob").WithProblems(400, 404, 409, 415, 422)
            .WithSummary("Changes how many instances the job has.");
    }

    private static TBuilder AcceptsJobFile<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AcceptsMetadata(JobFileBody.MediaTypes, typeof(JobSpec)));

    private static async Task<Results<Ok<SubmitReply>, Created<SubmitReply>, ProblemResult>> Submit(
        HttpContext context, JobSubmission submission, [FromQuery] string[]? set, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (operation, version) = (read.OperationId(), read.ExpectedVersion());
        if (read.Refusal is { } refusal) return refusal;

        var file = await JobFileBody.Read(context, set, cancellationToken);
        if (file.Problem is { } unreadable) return new ProblemResult(unreadable);
        var (receipts, problem) = await submission.Submit(file.Value, operation, version, Caller.Of(context), cancellationToken);
        if (problem is not null) return new ProblemResult(problem) { Accepted = receipts };

        var reply = new SubmitReply(receipts);
        if (receipts.Any(receipt => receipt.Outcome != "created")) return TypedResults.Ok(reply);
        return TypedResults.Created(receipts.Length == 1 ? $"/v1/jobs/{receipts[0].Key}" : null, reply);
    }

    private static async Task<Results<Ok<ValidateReply>, ProblemResult>> Validate(
        HttpContext context, [FromQuery] string[]? set, CancellationToken cancellationToken)
    {
        var file = await JobFileBody.Read(context, set, cancellationToken);
        return file.Problem is { } problem ? new ProblemResult(problem) : TypedResults.Ok(new ValidateReply(file.Value));
    }

    private static async Task<Results<Ok<PlanView>, ProblemResult>> Plan(
        HttpContext context, JobPlanner planner, [FromQuery] string[]? set, CancellationToken cancellationToken)
    {
        var file = await JobFileBody.Read(context, set, cancellationToken);
        if (file.Problem is { } problem) return new ProblemResult(problem);
        return (await planner.Plan(file.Value, cancellationToken)).ToResult();
    }

    private static async Task<Results<Ok<Page<JobView>>, ProblemResult>> List(
        HttpContext context, JobDirectory directory, string? role, string? env, string? limit, string? page,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (inRole, inEnvironment) = (read.OptionalPart("role", role), read.OptionalPart("env", env));
        var (count, after) = (read.Integer("limit", limit, 1, 500, 100), read.Page<JobKey>(page, JobKey.TryParse));
        if (read.Refusal is { } refusal) return refusal;
        return TypedResults.Ok(await directory.Describe(after, inRole, inEnvironment, count, cancellationToken));
    }

    private static async Task<Results<Ok<JobView>, ProblemResult>> Describe(
        HttpContext context, IGrainFactory grains, string role, string env, string name, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        if (read.Refusal is { } refusal) return refusal;
        var job = await grains.GetGrain<IJobGrain>(key.ToString()).Describe(cancellationToken);
        if (job is not null) context.Response.Headers.ETag = $"\"{job.Version}\"";
        return job.ToResult(() => Problem.NoSuchJob(key));
    }

    private static async Task<Results<Ok<Page<TaskView>>, ProblemResult>> ListTasks(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string? from, string? limit,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        var (first, count) = (read.Integer("from", from, 0, JobLimits.MaxInstances - 1, 0), read.Integer("limit", limit, 1, 500, 100));
        if (read.Refusal is { } refusal) return refusal;

        var job = grains.GetGrain<IJobGrain>(key.ToString());
        var tasks = await job.ListTasks(first, count + 1, cancellationToken);
        if (tasks.IsEmpty && await job.Describe(cancellationToken) is null) return new ProblemResult(Problem.NoSuchJob(key));
        return TypedResults.Ok(tasks.Length > count
            ? new Page<TaskView>(tasks[..count], tasks[count].Instance.ToString())
            : new Page<TaskView>(tasks, Next: null));
    }

    private static async Task<Results<Ok<JobSlaView>, ProblemResult>> DescribeSla(
        HttpContext context, IGrainFactory grains, string role, string env, string name, string? window,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Job(role, env, name);
        var length = window is null ? TimeSpan.FromMinutes(1) : read.Duration("window", window, TimeSpan.FromDays(30));
        if (read.Refusal is { } refusal) return refusal;
        return (await grains.GetGrain<IJobGrain>(key.ToString()).DescribeSla(length, cancellationToken))
            .ToResult(() => Problem.NoSuchJob(key));
    }

    private static Task<Results<Ok<CommandReceipt>, ProblemResult>> Stop(
        HttpContext context, IGrainFactory grains, string role, string env, string name, InstancesBody? body,
        CancellationToken cancellationToken) =>
        Command(context, grains, role, env, name, body, (job, command) => job.Stop(command, cancellationToken));

    private static Task<Results<Ok<CommandReceipt>, ProblemResult>> Restart(
        HttpContext context, IGrainFactory grains, string role, string env, string name, InstancesBody? body,
        CancellationToken cancellationToken) =>
        Command(context, grains, role, env, name, body, (job, command) => job.Restart(command, cancellationToken));

    private static async Task<Results<Ok<CommandReceipt>, ProblemResult>> Command(
        HttpContext context, IGrainFactory grains, string role, string env, string name, InstancesBody? body,
        Func<IJobGrain, InstancesCommand, Task<Answer<CommandReceipt>>> call)
    {
        var read = new RequestReader(context);
        var (key, operation) = (read.Job(role, env, name), read.OperationId());
        if (read.Refusal is { } refusal) return refusal;
        if (InstancesBody.Check(body) is { } problem) return new ProblemResult(problem);
        var command = new InstancesCommand(operation, InstancesBody.Of(body), Caller.Of(context));
        return (await call(grains.GetGrain<IJobGrain>(key.ToString()), command)).ToResult();
    }

    private static async Task<Results<Ok<CommandReceipt>, ProblemResult>> Scale(
        HttpContext context, IGrainFactory grains, string role, string env, string name, ScaleBody body,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var (key, operation) = (read.Job(role, env, name), read.OperationId());
        if (read.Refusal is { } refusal) return refusal;
        if (body.Instances is < 1 or > JobLimits.MaxInstances)
        {
            var message = $"A job has 1 to {JobLimits.MaxInstances} instances; to have none, stop it.";
            return new ProblemResult(
                new(ProblemKind.Invalid, "invalid-instances", message, [new("out-of-range", "instances", message, 0, 0, 0)]));
        }

        var command = new ScaleCommand(operation, body.Instances, Caller.Of(context));
        return (await grains.GetGrain<IJobGrain>(key.ToString()).Scale(command, cancellationToken)).ToResult();
    }
}
