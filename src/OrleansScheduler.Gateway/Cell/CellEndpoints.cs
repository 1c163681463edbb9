using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The route that shows the cell at a glance.</summary>
internal static class CellEndpoints
{
    public static void MapCell(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/cell", Describe).WithTags("Cell").WithName("DescribeCell").WithProblems().WithSummary("The cell at a glance.");

    private static async Task<Ok<CellView>> Describe(CellDirectory cell, CancellationToken cancellationToken) =>
        TypedResults.Ok(await cell.Describe(cancellationToken));
}
