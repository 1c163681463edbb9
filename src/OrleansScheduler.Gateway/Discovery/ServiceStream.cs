using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansScheduler.Gateway;

/// <summary>
/// One service as server-sent events: first what it is, then what it becomes. Each event is the whole service, its id the cursor; a reader
/// that comes back with the cursor of what there still is hears nothing until it changes.
/// </summary>
internal sealed class ServiceStream(
    ServiceFollower follower, JobKey key, string? seen, TimeProvider time, IHostApplicationLifetime lifetime) : IResult
{
    private static readonly byte[] Greeting = "retry: 1000\n\n"u8.ToArray();
    private static readonly byte[] Beat = ": alive\n\n"u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var last = seen;
        var news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var following = follower.Follow(key, () => news.Writer.TryWrite(true));
        if (following is null)
        {
            await new ProblemResult(Problem.Of(ProblemKind.Unavailable, "too-many-followers",
                $"This gateway follows {ServiceFollower.MaxFollowed} services already; ask another one.")).ExecuteAsync(httpContext);
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, lifetime.ApplicationStopping);
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.Body.WriteAsync(Greeting, over.Token);
        await response.Body.FlushAsync(over.Token);
        try
        {
            while (true)
            {
                var isNews = await Wait(news.Reader, over.Token);
                if (isNews && follower.Current(key)?.Value is { } service && service.Cursor != last)
                {
                    last = service.Cursor;
                    var data = JsonSerializer.Serialize(service, WireJson.Options);
                    await response.WriteAsync($"id: {service.Cursor}\nevent: service\ndata: {data}\n\n", over.Token);
                }
                else if (!isNews)
                {
                    await response.Body.WriteAsync(Beat, over.Token);
                }

                await response.Body.FlushAsync(over.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The reader goes on at another gateway.
        }
    }

    private async Task<bool> Wait(ChannelReader<bool> news, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(EventStream.Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            return await news.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
