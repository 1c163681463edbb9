using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>The routes to the files of tasks.</summary>
internal static partial class FileEndpoints
{
    private const int PieceBytes = 256 * 1024;

    public static void MapTaskFiles(this IEndpointRouteBuilder routes)
    {
        var task = routes.MapGroup("/v1/tasks/{role}/{env}/{name}/{instance}/files").WithTags("Tasks");
        task.MapGet("/", List).WithName("ListTaskFiles").WithProblems(400, 403, 404, 422)
            .WithSummary("What lies in a directory of the task's sandbox, at most 1,000 entries. Off unless the cell allows it.");
        task.MapGet("/content", Content).WithName("ReadTaskFile").DisableRequestTimeout().AdmittedAs(RequestClass.Stream)
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["application/octet-stream"]))
            .WithProblems(400, 403, 404, 422)
            .WithSummary("A file of the task's sandbox, or a part of it. Off unless the cell allows it.");
    }

    private static async Task<Results<Ok<FileListing>, ProblemResult>> List(
        HttpContext context, IGrainFactory grains, IOptions<CellOptions> cell, ILogger<FilePieces> logger,
        string role, string env, string name, string instance, string? path, string? attempt, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Task(role, env, name, instance);
        var number = read.Integer("attempt", attempt, 1, int.MaxValue, 0);
        if (read.Refusal is { } refusal) return refusal;
        if (cell.Value.Access.RefuseFiles() is { } denied) return new ProblemResult(denied);
        var place = await TaskPlace.Find(grains, key, number, cancellationToken);
        if (place.Problem is { } problem) return new ProblemResult(problem);
        var (query, found) = (new FileQuery(path ?? "", IsList: true, 0, PieceBytes, Caller.Of(context)), place.Value!);
        LogRead(logger, query.Actor, found.Attempt, query.Path);
        var answer = await found.Node.ReadFile(found.Attempt, query, cancellationToken);
        return answer.Value is { } piece
            ? TypedResults.Ok(new FileListing(found.Attempt.Number, query.Path, piece.Entries, piece.Truncated))
            : new ProblemResult(answer.Problem!);
    }

    private static async Task<IResult> Content(
        HttpContext context, IGrainFactory grains, IOptions<CellOptions> cell, ILogger<FilePieces> logger,
        string role, string env, string name, string instance, string? path, string? attempt, string? offset, string? limit,
        CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Task(role, env, name, instance);
        var number = read.Integer("attempt", attempt, 1, int.MaxValue, 0);
        var start = read.Integer("offset", offset, 0, long.MaxValue, 0L);
        var most = read.Integer("limit", limit, 1L, long.MaxValue, long.MaxValue);
        if (read.Refusal is { } refusal) return refusal;
        if (cell.Value.Access.RefuseFiles() is { } denied) return new ProblemResult(denied);
        var place = await TaskPlace.Find(grains, key, number, cancellationToken);
        if (place.Problem is { } problem) return new ProblemResult(problem);
        var found = place.Value!;
        var query = new FileQuery(path ?? "", IsList: false, start, (int)Math.Min(most, PieceBytes), Caller.Of(context));
        LogRead(logger, query.Actor, found.Attempt, query.Path);
        var answer = await found.Node.ReadFile(found.Attempt, query, cancellationToken);
        return answer.Value is { } first ? new FilePieces(found, query, first, most) : new ProblemResult(answer.Problem!);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Actor} reads of {Attempt} the file or directory '{Path}'")]
    private static partial void LogRead(ILogger logger, string actor, AttemptId attempt, string path);
}

/// <summary>A file of a sandbox, piece by piece: never more of it than one piece is held. One that grows meanwhile is sent as long as it
/// was.</summary>
internal sealed class FilePieces(TaskPlace place, FileQuery query, FilePiece first, long limit) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var length = Math.Min(Math.Max(0, first.Size - query.Offset), limit);
        response.ContentType = "application/octet-stream";
        response.ContentLength = length;
        response.Headers["X-File-Size"] = first.Size.ToString(CultureInfo.InvariantCulture);
        var piece = first;
        for (var sent = 0L; sent < length;)
        {
            var data = piece.Data.AsMemory();
            if (data.Length > length - sent) data = data[..(int)(length - sent)];
            if (data.IsEmpty) throw new IOException("the file has become shorter while it was read");
            await response.Body.WriteAsync(data, httpContext.RequestAborted);
            sent += data.Length;
            if (sent == length) return;
            var answer = await place.Node.ReadFile(
                place.Attempt, query with { Offset = query.Offset + sent, MaxBytes = 0 }, httpContext.RequestAborted);
            piece = answer.Value ?? throw new IOException($"the file cannot be read on: {answer.Problem!.Message}");
        }
    }
}
