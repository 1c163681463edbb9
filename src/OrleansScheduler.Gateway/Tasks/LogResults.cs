using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansScheduler.Gateway;

/// <summary>One piece of a task's output, with headers that say where it goes on.</summary>
internal sealed class LogPiece(LogChunk chunk) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        LogHeaders.Write(httpContext.Response, chunk);
        httpContext.Response.Headers["X-Log-Next"] = (chunk.Offset + chunk.Data.Length).ToString(CultureInfo.InvariantCulture);
        httpContext.Response.Headers["X-Log-Ended"] = chunk.Ended ? "true" : "false";
        httpContext.Response.ContentLength = chunk.Data.Length;
        await httpContext.Response.Body.WriteAsync(chunk.Data.AsMemory(), httpContext.RequestAborted);
    }
}

/// <summary>A task's output as it comes. A body that ends without an error is complete.</summary>
internal sealed class LogFollowing(LogStream logs, ITaskGrain task, LogQuery query, LogChunk first, long limit) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        LogHeaders.Write(response, first);
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        var left = limit;
        await foreach (var chunk in logs.Follow(task, query, first, httpContext.RequestAborted))
        {
            var data = chunk.Data.AsMemory();
            await response.Body.WriteAsync(data.Length <= left ? data : data[..(int)left], httpContext.RequestAborted);
            await response.Body.FlushAsync(httpContext.RequestAborted);
            left -= data.Length;
            if (left <= 0) break;
        }
    }
}

/// <summary>The headers of both forms.</summary>
internal static class LogHeaders
{
    public static void Write(HttpResponse response, LogChunk chunk)
    {
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers["X-Log-Attempt"] = chunk.Attempt.ToString(CultureInfo.InvariantCulture);
        response.Headers["X-Log-Offset"] = chunk.Offset.ToString(CultureInfo.InvariantCulture);
    }
}
