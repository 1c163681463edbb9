using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about nodes.</summary>
internal static class NodeEndpoints
{
    public static void MapNodes(this IEndpointRouteBuilder routes)
    {
        var nodes = routes.MapGroup("/v1/nodes").WithTags("Nodes");
        nodes.MapGet("/", List).WithName("ListNodes").WithProblems(400).WithSummary("Lists nodes in the order of their ids.");
        nodes.MapGet("/{id}", Describe).WithName("DescribeNode").WithProblems(400, 404).WithSummary("One node.");
        nodes.MapPost("/{id}/drain", Drain).WithName("DrainNode").WithProblems(400, 404, 409)
            .WithSummary("Takes the node out of service: it gets no new tasks, and those on it move away.");
        nodes.MapReservations();
        nodes.MapPost("/{id}/undrain", Undrain).WithName("UndrainNode").WithProblems(400, 404, 409)
            .WithSummary("Puts the node back into service.");
    }

    private static async Task<Results<Ok<Page<NodeView>>, ProblemResult>> List(
        HttpContext context, IGrainFactory grains, string? limit, string? page, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var count = read.Integer("limit", limit, 1, 500, 500);
        var after = read.Page(page, JobKey.IsValidPart);
        if (read.Refusal is { } refusal) return refusal;

        var nodes = await grains.GetGrain<IResourceLedgerGrain>(IResourceLedgerGrain.Id).ListNodes(cancellationToken);
        return TypedResults.Ok(ListPage.Of(nodes, node => node.Description.Id, after, count));
    }

    private static async Task<Results<Ok<NodeView>, ProblemResult>> Describe(
        HttpContext context, IGrainFactory grains, string id, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        read.Part("id", id);
        if (read.Refusal is { } refusal) return refusal;
        return (await grains.GetGrain<INodeGrain>(id).Describe(cancellationToken))
            .ToResult(() => Problem.Of(ProblemKind.NotFound, "node-not-found", $"There is no node {id} in this cell."));
    }

    private static Task<Results<Ok<NodeView>, ProblemResult>> Drain(
        HttpContext context, IGrainFactory grains, string id, CancellationToken cancellationToken) =>
        Command(context, grains, id, (node, operation, actor) => node.Drain(operation, actor, cancellationToken));

    private static Task<Results<Ok<NodeView>, ProblemResult>> Undrain(
        HttpContext context, IGrainFactory grains, string id, CancellationToken cancellationToken) =>
        Command(context, grains, id, (node, operation, actor) => node.Undrain(operation, actor, cancellationToken));

    private static async Task<Results<Ok<NodeView>, ProblemResult>> Command(
        HttpContext context, IGrainFactory grains, string id, Func<INodeGrain, string, string, Task<Answer<NodeView>>> call)
    {
        var read = new RequestReader(context);
        var operation = read.OperationId();
        read.Part("id", id);
        if (read.Refusal is { } refusal) return refusal;
        return (await call(grains.GetGrain<INodeGrain>(id), operation, Caller.Of(context))).ToResult();
    }
}
