using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Orleans.Serialization;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Words what went wrong without anybody having answered a problem: exceptions of grain calls, of the framework, and empty error statuses.
/// </summary>
internal static partial class Failures
{
    /// <summary>
    /// Most callers cannot act on details of a failed grain call, but on two things: nothing is known, or the cell is not there.
    /// </summary>
    public static Problem? OfGrainCall(Exception exception, string method) => exception switch
    {
        // An error that the cell could not even pass on says no more than silence.
        TimeoutException or OperationCanceledException or SerializerException => OutcomeUnknown(method),
        StorageUnavailableException { MayBeDone: true } =>
            Problem.Of(ProblemKind.OutcomeUnknown, "storage-unavailable", $"The cell's storage does not answer. {Advice(method)}"),
        StorageUnavailableException => Problem.Of(
            ProblemKind.Unavailable, "storage-unavailable", "The cell's storage does not answer; nothing was done. Tasks run on."),

        // Both are said before the grain has seen the request.
        OverloadedException or GatewayTooBusyException or LimitExceededException =>
            Overload.Refusal("A part of the cell has as much to do as it takes on."),
        OrleansException => Problem.Of(ProblemKind.Unavailable, "unavailable", $"The cell cannot be reached just now. {Advice(method)}"),
        _ => null,
    };

    public static Problem OutcomeUnknown(string method) =>
        Problem.Of(ProblemKind.OutcomeUnknown, "outcome-unknown", $"The cell did not answer in time. {Advice(method)}");

    /// <summary>For <c>UseExceptionHandler</c>.</summary>
    public static Task Handle(HttpContext context)
    {
        var exception = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        if (exception is BadHttpRequestException bad) return WriteBadRequest(context, bad);
        if (exception is not null && OfGrainCall(exception, context.Request.Method) is { } problem)
            return new ProblemResult(problem).ExecuteAsync(context);

        // Details of what failed inside are for the operators: they find them by the trace id.
        var unknown = Problem.Of(
            ProblemKind.Unavailable, "internal", "Something failed inside the gateway or the cell; the trace id leads to what it was.");
        return ProblemBody.Of(context, StatusCodes.Status500InternalServerError, unknown).Write(context);
    }

    /// <summary>For <c>UseStatusCodePages</c>: routing and binding answer bare statuses.</summary>
    public static Task WriteBareStatus(HttpContext context)
    {
        var status = context.Response.StatusCode;
        var (code, message) = status switch
        {
            StatusCodes.Status404NotFound =>
                ("route-not-found", $"There is nothing at {context.Request.Path}; /openapi/v1.json says what there is."),
            StatusCodes.Status405MethodNotAllowed =>
                ("method-not-allowed", $"{context.Request.Method} is not possible here; allowed: {context.Response.Headers.Allow}."),
            StatusCodes.Status415UnsupportedMediaType => UnsupportedMedia(context.Request.ContentType),
            _ => ("malformed-request", "The request cannot be read."),
        };
        return ProblemBody.Of(context, status, Problem.Of(ProblemKind.Malformed, code, message)).Write(context);
    }

    private static Task WriteBadRequest(HttpContext context, BadHttpRequestException exception)
    {
        if (exception.StatusCode is StatusCodes.Status413PayloadTooLarge) return WriteBodyTooLarge(context);
        if (exception.InnerException is JsonException json) return new ProblemResult(MalformedJson(json)).ExecuteAsync(context);
        var (code, message) = exception.StatusCode is StatusCodes.Status415UnsupportedMediaType
            ? UnsupportedMedia(context.Request.ContentType)
            : ("malformed-request", exception.Message);
        return ProblemBody.Of(context, exception.StatusCode, Problem.Of(ProblemKind.Malformed, code, message)).Write(context);
    }

    /// <summary>For a body that is longer than a job file may be.</summary>
    public static Task WriteBodyTooLarge(HttpContext context) => new ProblemResult(Problem.Of(
        ProblemKind.TooLarge, "body-too-large",
        $"The body is larger than {JobLimits.MaxFileBytes} bytes (1 MiB), the most that is read.")).ExecuteAsync(context);

    private static (string Code, string Message) UnsupportedMedia(string? contentType) => ("unsupported-media",
        (string.IsNullOrEmpty(contentType) ? "A body without Content-Type" : $"Content-Type '{contentType}'")
        + " is not read here; send application/json, or for job files also application/yaml.");

    private static Problem MalformedJson(JsonException exception)
    {
        var path = exception.Path?.TrimStart('$').TrimStart('.') ?? "";
        var (line, column) = ((int)(exception.LineNumber ?? -1) + 1, (int)(exception.BytePositionInLine ?? -1) + 1);
        var field = new FieldError("malformed-json", path, exception.Message, line, column, Document: 0);
        return new Problem(ProblemKind.Malformed, "malformed-json", "The body is not the JSON that is expected here.", [field]);
    }

    private static string Advice(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method)
        ? "Ask again."
        : "It may or may not have been done: repeat the request with the same Idempotency-Key, which never does it twice.";
}
