using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OrleansScheduler.Gateway;

/// <summary>Answers a request with a problem.</summary>
internal sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult
{
    /// <summary>Receipts of documents that were accepted before the problem came up.</summary>
    public ImmutableArray<SubmitReceipt> Accepted { get; init; } = [];

    /// <summary>When to ask again; null for what goes with the status.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public int? StatusCode => ProblemStatus.Of(problem.Kind);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var body = ProblemBody.Of(httpContext, ProblemStatus.Of(problem.Kind), problem);
        if (RetryAfter is { } wait)
            httpContext.Response.Headers.RetryAfter = Math.Ceiling(Math.Max(wait.TotalSeconds, 1)).ToString(CultureInfo.InvariantCulture);
        return (Accepted.IsEmpty ? body : body with { Accepted = Accepted }).Write(httpContext);
    }
}

/// <summary>From grains' answers to HTTP results, and which problems an endpoint describes.</summary>
internal static class ProblemResults
{
    /// <summary>200 with the value, or the problem.</summary>
    public static Results<Ok<T>, ProblemResult> ToResult<T>(this Answer<T> answer) =>
        answer.Problem is { } problem ? new ProblemResult(problem) : TypedResults.Ok(answer.Value!);

    /// <summary>200 with the value, or the problem when there is none.</summary>
    public static Results<Ok<T>, ProblemResult> ToResult<T>(this T? value, Func<Problem> otherwise) where T : class =>
        value is null ? new ProblemResult(otherwise()) : TypedResults.Ok(value);

    /// <summary>Describes the problems that an endpoint answers, beside those that every endpoint may answer (429, 500, 503,
    /// 504).</summary>
    public static TBuilder WithProblems<TBuilder>(this TBuilder endpoint, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata([.. statuses.Concat([429, 500, 503, 504])
            .Select(status => new ProducesResponseTypeMetadata(status, typeof(ProblemBody), [ProblemBody.MediaType]))]);
}
