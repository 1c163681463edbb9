using Microsoft.AspNetCore.Http.Features;

namespace OrleansScheduler.Gateway;

/// <summary>Marks endpoints that have an answer without a cell.</summary>
internal sealed class NeedsNoCell
{
    public static readonly NeedsNoCell Mark = new();
}

/// <summary>What is settled before any endpoint: headers that every response has, and requests that no endpoint should see.</summary>
internal static class RequestGuards
{
    private const string ContentSecurityPolicy =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static Task AddHeaders(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers["Referrer-Policy"] = "no-referrer";
            if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
        return next(context);
    }

    /// <summary>Agents' endpoint and the rest are each served on their own listener only.</summary>
    public static Task KeepListenersApart(HttpContext context, RequestDelegate next)
    {
        var isAgentEndpoint = context.GetEndpoint()?.Metadata.GetMetadata<AgentConnection>() is not null;
        if (isAgentEndpoint == context.Features.Get<AgentConnection>() is not null) return next(context);
        context.SetEndpoint(null);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    /// <summary>Before the host has started there is no way to any grain yet.</summary>
    public static Task RefuseBeforeStart(HttpContext context, RequestDelegate next)
    {
        var started = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested;
        if (started || context.GetEndpoint() is not { } endpoint || endpoint.Metadata.GetMetadata<NeedsNoCell>() is not null)
            return next(context);
        return new ProblemResult(
            Problem.Of(ProblemKind.Unavailable, "unavailable", "The gateway has not reached the cell yet.")).ExecuteAsync(context);
    }

    /// <summary>
    /// A gateway that ends finishes what it has begun and takes no more changes: another one, or the next here, has the time for them.
    /// </summary>
    public static Task RefuseChangesWhileStopping(HttpContext context, RequestDelegate next)
    {
        if (IsSafe(context.Request.Method) || context.Features.Get<AgentConnection>() is not null) return next(context);
        if (!context.RequestServices.GetRequiredService<Drain>().HasBegun) return next(context);
        context.Response.Headers.Connection = "close";
        var problem = Problem.Of(
            ProblemKind.Unavailable, "shutting-down", "The gateway is shutting down; nothing was done. Repeat the request.");
        return new ProblemResult(problem).ExecuteAsync(context);
    }

    /// <summary>Nothing here unpacks bodies: a packed one could be any size.</summary>
    public static Task RefuseEncodedBodies(HttpContext context, RequestDelegate next)
    {
        var encoding = context.Request.Headers.ContentEncoding;
        if (encoding.Count == 0 || encoding.All(value => value is "identity")) return next(context);
        var message = $"A body with Content-Encoding '{encoding}' is not read here; send it as it is.";
        return new ProblemResult(Problem.Of(ProblemKind.UnsupportedMedia, "body-encoded", message)).ExecuteAsync(context);
    }

    /// <summary>
    /// Refuses a body that is too long, and lets the server read what follows away, so that a client that is still writing gets to
    /// read why. Only far longer ones are cut off by the server itself.
    /// </summary>
    public static Task LimitBody(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<AgentConnection>() is not null) return next(context);
        if (context.Request.ContentLength > JobLimits.MaxFileBytes) return Failures.WriteBodyTooLarge(context);
        if (context.Request.ContentLength is null && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            context.Request.Body = new LimitedBody(context.Request.Body, JobLimits.MaxFileBytes);
        return next(context);
    }

    /// <summary>A page of another site may not make a visitor's browser give commands to a gateway that the browser can reach.</summary>
    public static Task RefuseOtherSites(HttpContext context, RequestDelegate next)
    {
        var isUpgrade = context.Request.Headers.Upgrade.Count > 0;
        if ((IsSafe(context.Request.Method) && !isUpgrade) || IsOwn(context.Request)) return next(context);
        var problem = Problem.Of(ProblemKind.Conflict, "cross-site", "A browser sent this on behalf of another site.");
        return ProblemBody.Of(context, StatusCodes.Status403Forbidden, problem).Write(context);
    }

    private static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static bool IsOwn(HttpRequest request)
    {
        // Only browsers send these; what sends neither acts for nobody but itself.
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0) return site.All(value => value is "same-origin" or "none");
        var origin = request.Headers.Origin;
        return origin.Count == 0
            || (Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var uri) && uri.Authority == request.Host.Value);
    }
}
