namespace OrleansScheduler.Gateway;

/// <summary>The one place where problems become HTTP statuses.</summary>
internal static class ProblemStatus
{
    public static int Of(ProblemKind kind) => kind switch
    {
        ProblemKind.Malformed => StatusCodes.Status400BadRequest,
        ProblemKind.Invalid => StatusCodes.Status422UnprocessableEntity,
        ProblemKind.NotFound => StatusCodes.Status404NotFound,
        ProblemKind.Conflict => StatusCodes.Status409Conflict,
        ProblemKind.Outdated => StatusCodes.Status412PreconditionFailed,
        ProblemKind.Expired => StatusCodes.Status410Gone,
        ProblemKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ProblemKind.UnsupportedMedia => StatusCodes.Status415UnsupportedMediaType,
        ProblemKind.TooMany => StatusCodes.Status429TooManyRequests,
        ProblemKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ProblemKind.NotAllowed => StatusCodes.Status403Forbidden,
        ProblemKind.OutcomeUnknown => StatusCodes.Status504GatewayTimeout,
        _ => throw new InvariantException($"unknown problem kind {(int)kind}"),
    };

    public static string TitleOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "The request cannot be read",
        StatusCodes.Status403Forbidden => "The request is refused",
        StatusCodes.Status404NotFound => "There is no such thing",
        StatusCodes.Status405MethodNotAllowed => "The method is not allowed here",
        StatusCodes.Status409Conflict => "Not possible in the present state",
        StatusCodes.Status410Gone => "No longer kept",
        StatusCodes.Status412PreconditionFailed => "The version is out of date",
        StatusCodes.Status413PayloadTooLarge => "The body is too large",
        StatusCodes.Status415UnsupportedMediaType => "The media type is not read here",
        StatusCodes.Status422UnprocessableEntity => "The request breaks a rule",
        StatusCodes.Status429TooManyRequests => "Too many requests",
        StatusCodes.Status500InternalServerError => "Internal error",
        StatusCodes.Status503ServiceUnavailable => "Not available just now",
        StatusCodes.Status504GatewayTimeout => "The outcome is not known",
        _ => "The request was not done",
    };
}
