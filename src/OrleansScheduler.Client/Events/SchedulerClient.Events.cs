using System.Runtime.CompilerServices;
using System.Text;
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
    public async IAsyncEnumerable<Answer<EventView>> WatchEventsAsync(
        string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var resume = new StreamResume(_transport);
        var buffer = new byte[FollowBufferBytes];
        while (true)
        {
            var request = new GatewayRequest(HttpMethod.Get, Query.Path("v1/events", ("after", after)))
            {
                Accept = "text/event-stream",
                LastEventId = after,
            };
            var (response, problem) = await resume.OpenAsync(request, cancellationToken);
            if (problem is not null) yield return problem;
            if (response is null) yield break;
            using (response)
            {
                var parser = new ServerSentEvents();

                // A feed has no proper end: a gateway that closes it is going away, so the end is as good as a break.
                while (await resume.ReadAsync(response, buffer, cancellationToken) is > 0 and { } count)
                {
                    var (events, broken) = Read(parser, buffer.AsSpan(0, count));
                    foreach (var @event in events)
                    {
                        after = @event.Cursor;
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
    private static (List<EventView> Events, Problem? Problem) Read(ServerSentEvents parser, ReadOnlySpan<byte> bytes)
    {
        var events = new List<EventView>();
        try
        {
            foreach (var (id, data) in parser.Take(bytes))
            {
                if (JsonSerializer.Deserialize<EventView>(data, WireJson.Options) is not { } @event) continue;
                events.Add(id is { Length: > 0 } ? @event with { Cursor = id } : @event);
            }

            return (events, null);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            return (events,
                Problem.Of(ProblemKind.Unavailable, "unexpected-answer", $"The event stream is not what a gateway sends: {e.Message}"));
        }
    }

    /// <summary>Cuts a byte stream into server-sent events; comments (heart-beats) and fields that do not matter here are
    /// dropped.</summary>
    private sealed class ServerSentEvents
    {
        /// <summary>One event is never near this; more without an end is no event stream.</summary>
        private const int MaxEventBytes = 1024 * 1024;

        private readonly List<byte> _line = [];
        private readonly StringBuilder _data = new();
        private string? _id;

        public List<(string? Id, string Data)> Take(ReadOnlySpan<byte> bytes)
        {
            var events = new List<(string? Id, string Data)>();
            foreach (var b in bytes)
            {
                if (b != '\n')
                {
                    _line.Add(b);
                    if (_line.Count + _data.Length > MaxEventBytes) throw new InvalidDataException("An event of the stream has no end.");
                    continue;
                }

                var line = Encoding.UTF8.GetString([.. _line]).TrimEnd('\r');
                _line.Clear();
                if (line.Length > 0)
                {
                    TakeField(line);
                }
                else if (_data.Length > 0)
                {
                    events.Add((_id, _data.ToString()));
                    _data.Clear();
                }
            }

            return events;
        }

        private void TakeField(string line)
        {
            var colon = line.IndexOf(':');
            var (name, value) = colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..]);
            if (value.StartsWith(' ')) value = value[1..];
            if (name == "id") _id = value;
            if (name != "data") return;
            if (_data.Length > 0) _data.Append('\n');
            _data.Append(value);
        }
    }
}
