using Microsoft.Net.Http.Headers;

namespace OrleansScheduler.Gateway;

/// <summary>Reads the job file in a request's body.</summary>
internal static class JobFileBody
{
    public static readonly string[] MediaTypes = ["application/yaml", "application/json", "text/yaml"];

    /// <summary>The specs of all documents, parsed and checked; else everything that is wrong with them.</summary>
    /// <param name="context">The request.</param>
    /// <param name="set">Parameters of the file as <c>name=value</c>; of equal names the last counts.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<Answer<ImmutableArray<JobSpec>>> Read(
        HttpContext context, string[]? set, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!IsReadable(request.ContentType))
            return Problem.Of(
                ProblemKind.UnsupportedMedia, "unsupported-media",
                $"A job file is sent as UTF-8 with Content-Type {string.Join(", ", MediaTypes)}.");

        var parameters = ParametersOf(set ?? []);
        if (parameters.Problem is { } unreadable) return unreadable;

        // RequestGuards.LimitBody bounds this, chunked ones included.
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        return await context.RequestServices.GetRequiredService<FileAdmission>()
            .Parse(body.GetBuffer().AsMemory(0, (int)body.Length), parameters.Value!, cancellationToken);
    }

    private static Answer<Dictionary<string, string>> ParametersOf(string[] set)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in set)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                const string Form = "A parameter is set as 'set=name=value'.";
                return Problem.Of(ProblemKind.Malformed, "bad-parameter", Form) with
                {
                    Errors = [new FieldError("bad-parameter", "set", Form, 0, 0, 0)],
                };
            }

            parameters[text[..equals]] = text[(equals + 1)..];
        }

        return parameters;
    }

    private static bool IsReadable(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && MediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
