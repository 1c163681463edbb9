using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes that take nodes out of service and put them back.</summary>
internal static class MaintenanceEndpoints
{
    public static void MapMaintenance(this IEndpointRouteBuilder nodes)
    {
        nodes.MapPost("/{id}/drain", Drain).WithName("DrainNode").WithProblems(400, 404, 409, 415, 422)
            .WithSummary(
                "Takes the node out of service: it gets no new tasks, and those on it move away; at once, or as SLAs allow when the body "
                + "names an SLA or a deadline.");
        nodes.MapGet("/{id}/drain", Describe).WithName("DescribeDrain").WithProblems(400, 404)
            .WithSummary("How far the node's maintenance has got: who holds it up, why and until when.");
        nodes.MapPost("/{id}/schedule", Schedule).WithName("ScheduleNode").WithProblems(400, 404, 409, 415, 422)
            .WithSummary("Announces maintenance: the node drains from one time on and is back in service at another, by itself.");
        nodes.MapPost("/{id}/undrain", Undrain).WithName("UndrainNode").WithProblems(400, 404, 409)
            .WithSummary("Puts the node back into service; what was planned is not planned any more.");
    }

    private static Task<Results<Ok<NodeView>, ProblemResult>> Drain(
        HttpContext context, IGrainFactory grains, string id, DrainBody? body, CancellationToken cancellationToken) =>
        Command(context, grains, id, DrainBody.ToRequest(body), (node, command) =>
            command.Request == Plain
                ? node.Drain(command.OperationId, command.Actor, cancellationToken)
                : node.Maintain(command, cancellationToken));

    private static Task<Results<Ok<NodeView>, ProblemResult>> Schedule(
        HttpContext context, IGrainFactory grains, string id, ScheduleBody? body, CancellationToken cancellationToken) =>
        Command(context, grains, id, ScheduleBody.ToRequest(body), (node, command) =>
            node.Maintain(command with { IsSchedule = true }, cancellationToken));

    private static Task<Results<Ok<NodeView>, ProblemResult>> Undrain(
        HttpContext context, IGrainFactory grains, string id, CancellationToken cancellationToken) =>
        Command(context, grains, id, Plain, (node, command) => node.Undrain(command.OperationId, command.Actor, cancellationToken));

    private static async Task<Results<Ok<DrainView>, ProblemResult>> Describe(
        HttpContext context, IGrainFactory grains, string id, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        read.Part("id", id);
        if (read.Refusal is { } refusal) return refusal;
        return (await grains.GetGrain<INodeGrain>(id).DescribeDrain(cancellationToken))
            .ToResult(() => Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {id} in this cell."));
    }

    private static MaintenanceRequest Plain { get; } = new() { Force = true };

    private static async Task<Results<Ok<NodeView>, ProblemResult>> Command(
        HttpContext context, IGrainFactory grains, string id, Answer<MaintenanceRequest> request,
        Func<INodeGrain, MaintenanceCommand, Task<Answer<NodeView>>> call)
    {
        var read = new RequestReader(context);
        var operation = read.OperationId();
        read.Part("id", id);
        if (read.Refusal is { } refusal) return refusal;
        if (request.Problem is { } problem) return new ProblemResult(problem);
        var command = new MaintenanceCommand { OperationId = operation, Actor = Caller.Of(context), Request = request.Value };
        return (await call(grains.GetGrain<INodeGrain>(id), command)).ToResult();
    }
}
