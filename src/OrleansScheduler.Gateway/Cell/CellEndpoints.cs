using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>The route that shows the cell at a glance.</summary>
internal static class CellEndpoints
{
    public static void MapCell(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/cell", Describe).WithTags("Cell").WithName("DescribeCell").WithProblems().WithSummary("The cell at a glance.");
        routes.MapPost("/v1/cell/resume", Resume).WithTags("Cell").WithName("ResumeCell").WithProblems(400)
            .WithSummary("Ends safe mode: what no job wants is ended, and what waits is placed. Without safe mode nothing changes.");
    }

    private static async Task<Ok<CellView>> Describe(CellDirectory cell, CancellationToken cancellationToken) =>
        TypedResults.Ok(await cell.Describe(cancellationToken));

    private static async Task<Results<Ok<CellView>, ProblemResult>> Resume(
        HttpContext context, IGrainFactory grains, CellDirectory cell, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var operation = read.OperationId();
        if (read.Refusal is { } refusal) return refusal;
        await grains.GetGrain<ICellGrain>(ICellGrain.Id).Resume(operation, Caller.Of(context), cancellationToken);
        return TypedResults.Ok(await cell.Describe(cancellationToken));
    }
}
