using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>The route to commands in tasks.</summary>
internal static partial class ExecEndpoints
{
    private const int MostWords = 256;

    public static void MapTaskExec(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/tasks/{role}/{env}/{name}/{instance}/exec", Exec).WithTags("Tasks").WithName("ExecInTask")
            .DisableRequestTimeout().AdmittedAs(RequestClass.Stream)
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status101SwitchingProtocols))
            .WithProblems(400, 403, 404, 422)
            .WithSummary(
                "Runs a command in the task over a WebSocket; each message begins with one byte. To the command: 0 input, 1 end of input, "
                + "2 size of the terminal (rows and columns, two bytes each). From it: 0 output, 1 errors, 2 its end as JSON: exitCode, or "
                + "code and detail. Off unless the cell allows it.");

    private static async Task<IResult> Exec(
        HttpContext context, IGrainFactory grains, IOptions<CellOptions> cell, IHostApplicationLifetime lifetime,
        ILogger<ExecRelay> logger, TimeProvider time, string role, string env, string name, string instance, string[]? command,
        string? terminal, string? rows, string? columns, string? attempt, CancellationToken cancellationToken)
    {
        var read = new RequestReader(context);
        var key = read.Task(role, env, name, instance);
        var number = read.Integer("attempt", attempt, 1, int.MaxValue, 0);
        var (height, width) = (read.Integer("rows", rows, 1, 9999, 0), read.Integer("columns", columns, 1, 9999, 0));
        if (read.Refusal is { } refusal) return refusal;
        if (cell.Value.Access.RefuseExec() is { } denied) return new ProblemResult(denied);
        if (command is not [{ Length: > 0 }, ..] || command.Length > MostWords)
            return new ProblemResult(Problem.Of(
                ProblemKind.Invalid, "command-empty", $"Give the command as 1 to {MostWords} parameters 'command', the program first."));
        if (terminal is not null && (terminal.Length is 0 or > 64 || !terminal.All(c => char.IsAsciiLetterOrDigit(c)
            || c is '-' or '.' or '+')))
            return new ProblemResult(Problem.Of(ProblemKind.Invalid, "bad-terminal", "A terminal is a name such as xterm-256color."));
        var place = await TaskPlace.Find(grains, key, number, cancellationToken);
        if (place.Problem is { } problem) return new ProblemResult(problem);
        if (!context.WebSockets.IsWebSocketRequest)
            return new ProblemResult(Problem.Of(ProblemKind.Malformed, "websocket-expected", "Ask for this with a WebSocket."));

        var (actor, found, words) = (Caller.Of(context), place.Value!, string.Join(' ', command));
        LogExec(logger, actor, found.Attempt, words);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var first = new ExecRequest { Command = [.. command], Terminal = terminal, Rows = height, Columns = width, Actor = actor };
        var end = await new ExecRelay(found, socket, time).Run(first, over.Token);
        LogEnded(logger, actor, found.Attempt, end);
        return Results.Empty;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Actor} runs in {Attempt}: {Command}")]
    private static partial void LogExec(ILogger logger, string actor, AttemptId attempt, string command);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Actor} runs nothing more in {Attempt}: {End}")]
    private static partial void LogEnded(ILogger logger, string actor, AttemptId attempt, string end);
}
