using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>The routes about the cell as a whole.</summary>
internal static class CellEndpoints
{
    public static void MapCell(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/cell", Describe).WithTags("Cell").WithName("DescribeCell").WithProblems().WithSummary("The cell at a glance.");
        routes.MapPost("/v1/cell/resume", Resume).WithTags("Cell").WithName("ResumeCell").WithProblems(400)
            .WithSummary("Ends safe mode: what no job wants is ended, and what waits is placed. Without safe mode nothing changes.");
        routes.MapGet("/v1/cell/backup", Backup).WithTags("Cell").WithName("BackUpCell").WithProblems()
            .Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream")
            .WithSummary("A copy of everything durable, taken while the cell works. Incomplete without its last record.");
        routes.MapGet("/v1/cell/check", Check).WithTags("Cell").WithName("CheckCell").WithProblems()
            .WithSummary("Compares what the cell's actors know with what the store has.");
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

    private static CellBackup Backup(CellOwners owners, IGrainFactory grains, IOptions<CellOptions> options, TimeProvider time) =>
        new CellBackup(owners, grains, options, time);

    private static async Task<Ok<CellCheckView>> Check(CellCheck check, CancellationToken cancellationToken) =>
        TypedResults.Ok(await check.Run(cancellationToken));
}
