using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OrleansScheduler.Client;

/// <content>The feed of what happens in the cell.</content>
public sealed partial class SchedulerClient
{
    /// <summary>Events behind a cursor.</summary>
    /// <param name="after">Cursor to continue behind; null for the oldest that are kept.</param>
    /// <param name="limit">Most events; null leaves it to the gateway.</param>
    /// <param name="wait">How long to wait for the first one when there is none yet; null for not at all.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<EventPage>> ListEventsAsync(
        string? after = null, int? limit = null, TimeSpan? wait = null, CancellationToken cancellationToken = default) =>
        ReadAsync<EventPage>(
            Query.Path("v1/events", ("after", after), ("limit", limit), ("wait", wait is { } t ? $"{(int)t.TotalSeconds}s" : null)),
            cancellationToken);

    /// <summary>Events as they happen. A broken connection is taken up again behind the last event that arrived, so none is lost or seen
    /// twice.</summary>
    /// <param name="after">Cursor to continue behind; null for what the gateway starts with.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The events in order; a problem, if there is one, is the last item.</returns>
    public IAsyncEnumerable<Answer<EventView>> WatchEventsAsync(string? after = null, CancellationToken cancellationToken = default) =>
        WatchAsync<EventView>(
            cursor => Query.Path("v1/events", ("after", cursor)), after,
            (@event, id) => id is { Length: > 0 } ? @event with { Cursor = id } : @event, @event => @event.Cursor, cancellationToken);

    /// <summary>A stream of server-sent events that is opened again behind the last one whenever it breaks.</summary>
    private async IAsyncEnumerable<Answer<T>> WatchAsync<T>(
        Func<string?, string> path, string? after, Func<T, string?, T> mark, Func<T, string> cursor,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var resume = new StreamResume(_transport);
        var buffer = new byte[FollowBufferBytes];
        while (true)
        {
            var request = new GatewayRequest(HttpMethod.Get, path(after)) { Accept = "text/event-stream", LastEventId = after };
            var (response, problem) = await resume.OpenAsync(request, cancellationToken);
            if (problem is not null) yield return problem;
            if (response is null) yield break;
            using (response)
            {
                var parser = new ServerSentEvents();

                // A feed has no proper end: a gateway that closes it is going away, so the end is as good as a break.
                while (await resume.ReadAsync(response, buffer, cancellationToken) is > 0 and { } count)
                {
                    var (events, broken) = Read(parser, buffer.AsSpan(0, count), mark);
                    foreach (var @event in events)
                    {
                        after = cursor(@event);
                        yield return @event;
                    }

                    if (broken is null) continue;
                    yield return broken;
                    yield break;
                }

                resume.MayTryAgain();
            }
        }
    }

    /// <summary>The events that <paramref name="bytes"/> complete, each with its cursor; a problem when this is no event stream.</summary>
    private static (List<T> Events, Problem? Problem) Read<T>(ServerSentEvents parser, ReadOnlySpan<byte> bytes, Func<T, string?, T> mark)
        where T : class
    {
        var events = new List<T>();
        try
        {
            foreach (var (id, data) in parser.Take(bytes))
            {
                if (JsonSerializer.Deserialize<T>(data, WireJson.Options) is { } @event) events.Add(mark(@event, id));
            }

            return (events, null);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            return (events,
                Problem.Of(ProblemKind.Unavailable, "unexpected-answer", $"The event stream is not what a gateway sends: {e.Message}"));
        }
    }
}
