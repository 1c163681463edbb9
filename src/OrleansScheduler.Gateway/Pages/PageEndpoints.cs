using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace OrleansScheduler.Gateway;

/// <summary>The page at <c>/</c>, what it needs, and the schema of job files.</summary>
internal static class PageEndpoints
{
    private const string ResourcePrefix = "OrleansScheduler.Gateway.Pages.";

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", Show).ExcludeFromDescription().DisableRequestTimeout().WithMetadata(NeedsNoCell.Mark);
        routes.MapAsset("/assets/page.css", "text/css; charset=utf-8", ReadAsset("page.css"));
        routes.MapAsset("/assets/icon.svg", "image/svg+xml", ReadAsset("icon.svg"));
        routes.MapAsset("/assets/live.js", "text/javascript; charset=utf-8", ReadAsset("live.js"));
        routes.MapAsset($"/schema/{JobSchema.Name}", "application/schema+json", System.Text.Encoding.UTF8.GetBytes(JobSchema.Text));
    }

    private static async Task<RazorComponentResult<CellPage>> Show(CellPageReader reader, string? job, CancellationToken cancellationToken)
    {
        var model = await reader.Read(JobKey.TryParse(job, out var key) ? key : null, cancellationToken);
        return new(new Dictionary<string, object?> { [nameof(CellPage.Model)] = model })
        {
            StatusCode = model.Trouble is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        };
    }

    private static void MapAsset(this IEndpointRouteBuilder routes, string path, string contentType, byte[] content)
    {
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8))}\"");
        routes.MapGet(path, (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(content, contentType, entityTag: tag);
        }).ExcludeFromDescription().WithMetadata(NeedsNoCell.Mark);
    }

    private static byte[] ReadAsset(string name)
    {
        using var stream = typeof(PageEndpoints).Assembly.GetManifestResourceStream(ResourcePrefix + name)
            ?? throw new InvariantException($"asset {name} is not embedded");
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }
}
