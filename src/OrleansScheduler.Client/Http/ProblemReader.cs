using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansScheduler.Client;

/// <summary>Turns an HTTP answer that is no success into a <see cref="Problem"/>.</summary>
internal static class ProblemReader
{
    /// <summary>More of an error body than this is not read.</summary>
    private const int MaxBodyBytes = 1024 * 1024;

    public static async Task<Problem> ReadAsync(HttpResponseMessage response, bool changes, CancellationToken cancellationToken)
    {
        var kind = KindOf(response.StatusCode, changes);
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxBodyBytes, cancellationToken);
            var document = JsonSerializer.Deserialize<ProblemDocument>(
                await response.Content.ReadAsByteArrayAsync(cancellationToken), WireJson.Options);
            if (document?.Code is { Length: > 0 } code)
            {
                return new(kind, code, document.Detail ?? document.Title ?? code, document.Errors ?? []);
            }
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // Somebody on the way answered in the gateway's place; the status is all there is to go by.
        }

        return Problem.Of(kind, "unexpected-answer", $"The gateway answered HTTP {(int)response.StatusCode} without saying why.");
    }

    public static ProblemKind KindOf(HttpStatusCode status, bool changes) => status switch
    {
        HttpStatusCode.NotFound => ProblemKind.NotFound,
        HttpStatusCode.Forbidden => ProblemKind.NotAllowed,
        HttpStatusCode.Conflict or HttpStatusCode.Unauthorized => ProblemKind.Conflict,
        HttpStatusCode.PreconditionFailed => ProblemKind.Outdated,
        HttpStatusCode.Gone => ProblemKind.Expired,
        HttpStatusCode.RequestEntityTooLarge => ProblemKind.TooLarge,
        HttpStatusCode.UnsupportedMediaType => ProblemKind.UnsupportedMedia,
        HttpStatusCode.UnprocessableEntity => ProblemKind.Invalid,
        HttpStatusCode.GatewayTimeout => ProblemKind.OutcomeUnknown,
        HttpStatusCode.TooManyRequests => ProblemKind.TooMany,
        HttpStatusCode.ServiceUnavailable => ProblemKind.Unavailable,
        >= HttpStatusCode.InternalServerError => changes ? ProblemKind.OutcomeUnknown : ProblemKind.Unavailable,
        _ => ProblemKind.Malformed,
    };

    /// <summary>RFC 9457 with the gateway's additions.</summary>
    private sealed record ProblemDocument(
        string? Title, string? Detail, string? Code, [property: JsonPropertyName("errors")] ImmutableArray<FieldError>? Errors);
}
