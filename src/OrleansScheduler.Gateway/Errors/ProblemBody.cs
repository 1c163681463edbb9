using System.Diagnostics;

namespace OrleansScheduler.Gateway;

/// <summary>What every failed request answers: problem+json (RFC 9457) with a stable code and the fields at fault.</summary>
internal sealed record ProblemBody
{
    /// <summary>The media type of problems.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>Names the kind of problem as a URI; ends in <see cref="Code"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The class of the problem, the same for every problem of its HTTP status.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>One sentence: what is wrong and what would be right.</summary>
    public required string Detail { get; init; }

    /// <summary>Stable, lower case with dashes, such as <c>job-not-found</c>.</summary>
    public required string Code { get; init; }

    /// <summary>The fields at fault; empty when the problem is not about fields.</summary>
    public required ImmutableArray<FieldError> Errors { get; init; }

    /// <summary>The documents of a job file that had been accepted before this one was not; left out when there are none.</summary>
    public ImmutableArray<SubmitReceipt>? Accepted { get; init; }

    /// <summary>Finds the request in logs and traces.</summary>
    public required string TraceId { get; init; }

    public static ProblemBody Of(HttpContext context, int status, Problem problem) => new()
    {
        Type = $"urn:osched:problem:{problem.Code}",
        Title = ProblemStatus.TitleOf(status),
        Status = status,
        Detail = problem.Message,
        Code = problem.Code,
        Errors = problem.Errors,
        TraceId = Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier,
    };

    public Task Write(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (Status is StatusCodes.Status503ServiceUnavailable && context.Response.Headers.RetryAfter.Count == 0)
            context.Response.Headers.RetryAfter = "1";

        // Not with RequestAborted: a request that ran out of time is aborted, and still to be answered.
        return context.Response.WriteAsJsonAsync(this, options: null, MediaType, CancellationToken.None);
    }
}
