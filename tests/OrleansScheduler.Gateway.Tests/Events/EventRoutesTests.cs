using System.Net.ServerSentEvents;
using Microsoft.Extensions.Time.Testing;

namespace OrleansScheduler.Gateway.Tests;

public sealed class EventRoutesTests : IClassFixture<GatewayFixture>, IDisposable
{
    private readonly GatewayFixture _fixture;
    private readonly FakeFeed _feed;

    public EventRoutesTests(GatewayFixture fixture)
    {
        _fixture = fixture;
        _feed = fixture.Cell.Feed;
        if (_feed.Read(null, 1, TimeSpan.Zero, default).Result.Value!.Events.IsEmpty) _feed.Publish("one", "two", "three");
    }

    public void Dispose() => _feed.Oldest = 0;

    [Fact]
    public async Task A_page_goes_on_behind_its_cursor()
    {
        var first = await _fixture.Http.Get<EventPage>("/v1/events?limit=2");
        Assert.Equal(["one", "two"], first.Events.Select(happened => happened.Message));
        var second = await _fixture.Http.Get<EventPage>($"/v1/events?limit=1&after={first.Cursor}");
        Assert.Equal("three", Assert.Single(second.Events).Message);
    }

    [Fact]
    public async Task A_page_waits_for_the_first_event()
    {
        var end = await End();
        var reading = _fixture.Http.Get<EventPage>($"/v1/events?after={end}&wait=20s");
        Assert.False(reading.IsCompleted);
        _feed.Publish("waited for");
        Assert.Equal("waited for", Assert.Single((await reading).Events).Message);
    }

    [Fact]
    public async Task A_page_comes_back_empty_when_nothing_happens() =>
        Assert.Empty((await _fixture.Http.Get<EventPage>($"/v1/events?after={await End()}&wait=10ms")).Events);

    [Fact]
    public async Task A_watcher_that_comes_back_misses_nothing_and_sees_nothing_twice()
    {
        var start = await End();
        _feed.Publish("a", "b", "c");
        var seen = new List<string?>();
        var last = start;
        foreach (var round in Enumerable.Range(0, 3))
        {
            using var response = await _fixture.Http.Send(
                "GET", $"/v1/events?after={start}", headers: [("Accept", "text/event-stream"), ("Last-Event-ID", last)]);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            _feed.Publish($"live {round}");
            await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
            {
                last = item.EventId!;
                Assert.Equal("task", item.EventType);
                seen.Add(JsonSerializer.Deserialize<EventView>(item.Data, WireJson.Options)!.Message);
                if (seen.Count == (round + 1) * 2) break;
            }
        }

        Assert.Equal(["a", "b", "c", "live 0", "live 1", "live 2"], seen);
    }

    [Fact]
    public async Task An_expired_cursor_is_gone_for_pages_and_for_watchers()
    {
        _feed.Oldest = 2;
        Assert.Equal("cursor-expired", (await (await _fixture.Http.Send("GET", "/v1/events?after=1")).Problem(HttpStatusCode.Gone)).Code());
        Assert.Equal(
            "cursor-expired", (await (await _fixture.Http.Send("GET", "/v1/events?after=1&watch")).Problem(HttpStatusCode.Gone)).Code());
    }

    [Fact]
    public async Task Silence_is_broken_by_comments()
    {
        var time = new FakeTimeProvider();
        _feed.LongestWait = TimeSpan.FromMilliseconds(20);
        await using var gateway = await GatewayHost.Start(_fixture.Client, time);
        using var response = await gateway.Http.Send("GET", $"/v1/events?watch&after={await End()}");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("retry: 1000", await reader.ReadLineAsync());
        Assert.Equal("", await reader.ReadLineAsync());
        Assert.StartsWith(":", await reader.ReadLineAsync());
        Assert.Equal("", await reader.ReadLineAsync());
        var beat = reader.ReadLineAsync();
        var seconds = 0;
        await Requests.Until(
            () =>
            {
                if (beat.IsCompleted) return true;
                time.Advance(TimeSpan.FromSeconds(1));
                seconds++;
                return false;
            },
            "the silence was broken");
        Assert.StartsWith(":", await beat);
        Assert.True(seconds >= EventStream.Heartbeat.TotalSeconds);
        _feed.LongestWait = TimeSpan.FromSeconds(30);
    }

    [Fact]
    public async Task Watchers_do_not_hold_up_a_gateway_that_stops()
    {
        await using var gateway = await GatewayHost.Start(_fixture.Client);
        using var response = await gateway.Http.Send("GET", $"/v1/events?watch&after={await End()}");
        _feed.LongestWait = TimeSpan.FromMilliseconds(20);
        await gateway.Stop().WaitAsync(TimeSpan.FromSeconds(10));
        _feed.LongestWait = TimeSpan.FromSeconds(30);
    }

    private async Task<string> End() => (await _fixture.Http.Get<EventPage>("/v1/events?limit=500")).Cursor;
}
