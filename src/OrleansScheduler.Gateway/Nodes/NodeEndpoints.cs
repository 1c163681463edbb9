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
        nodes.MapMaintenance();
        nodes.MapReservations();
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
}
