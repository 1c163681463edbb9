using Microsoft.Net.Http.Headers;

namespace OrleansScheduler.Gateway;

/// <summary>Reads the job file in a request's body.</summary>
internal static class JobFileBody
{
    public static readonly string[] MediaTypes = ["application/yaml", "application/json", "text/yaml"];

    /// <summary>The specs of all documents, parsed and checked; else everything that is wrong with them.</summary>
    public static async Task<Answer<ImmutableArray<JobSpec>>> Read(HttpContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (!IsReadable(request.ContentType))
            return Problem.Of(
                ProblemKind.UnsupportedMedia, "unsupported-media",
                $"A job file is sent as UTF-8 with Content-Type {string.Join(", ", MediaTypes)}.");

        // RequestGuards.LimitBody bounds this, chunked ones included.
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        return await context.RequestServices.GetRequiredService<FileAdmission>()
            .Parse(body.GetBuffer().AsMemory(0, (int)body.Length), cancellationToken);
    }

    private static bool IsReadable(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && MediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
