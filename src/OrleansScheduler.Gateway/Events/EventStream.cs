using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Events as server-sent events: the id is the cursor, the event is the kind, the data is the event as JSON. Silence is broken by
/// comments.
/// </summary>
internal sealed class EventStream(EventFeed feed, EventPage first) : IResult
{
    /// <summary>Longest time without a byte: proxies cut connections that are silent for longer.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static readonly EventPage Nothing = new([], Cursor: "");
    private static readonly byte[] Greeting = "retry: 1000\n\n"u8.ToArray();
    private static readonly byte[] Beat = ": alive\n\n"u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.Body.WriteAsync(Greeting, httpContext.RequestAborted);
        await Write(response, first, httpContext.RequestAborted);

        await foreach (var answer in feed.Watch(first.Cursor, Heartbeat, httpContext.RequestAborted))
        {
            // A problem is silence, too. When the feed ends with it the reader comes back and is told as a status.
            await Write(response, answer.Value ?? Nothing, httpContext.RequestAborted);
        }
    }

    private static async Task Write(HttpResponse response, EventPage page, CancellationToken cancellationToken)
    {
        foreach (var happened in page.Events)
        {
            // JSON has no raw line breaks, so one data line always suffices.
            var data = JsonSerializer.Serialize(happened, WireJson.Options);
            await response.WriteAsync($"id: {happened.Cursor}\nevent: {happened.Kind}\ndata: {data}\n\n", Encoding.UTF8, cancellationToken);
        }

        if (page.Events.IsEmpty) await response.Body.WriteAsync(Beat, cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
