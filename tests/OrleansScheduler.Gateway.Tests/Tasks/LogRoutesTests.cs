namespace OrleansScheduler.Gateway.Tests;

public sealed class LogRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private readonly HttpClient _http = fixture.Http;

    [Fact]
    public async Task A_piece_says_where_it_is_and_where_it_goes_on()
    {
        var log = AddLog("piece/prod/web/0");
        log.Write("hello world");
        log.End();
        var response = await _http.Send("GET", "/v1/tasks/piece/prod/web/0/logs?offset=6&limit=3");
        Assert.Equal("wor", await response.Content.ReadAsStringAsync());
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(
            ("7", "6", "9", "false"),
            (
                Header(response, "X-Log-Attempt"), Header(response, "X-Log-Offset"), Header(response, "X-Log-Next"),
                Header(response, "X-Log-Ended")));
        var tail = await _http.Send("GET", "/v1/tasks/piece/prod/web/0/logs?offset=-5&attempt=2");
        Assert.Equal(
            ("world", "2", "true"), (await tail.Content.ReadAsStringAsync(), Header(tail, "X-Log-Attempt"), Header(tail, "X-Log-Ended")));
    }

    [Fact]
    public async Task Stderr_is_another_stream()
    {
        AddLog("streams/prod/web/0").Write("out");
        AddLog("streams/prod/web/0", "stderr").Write("err");
        Assert.Equal("err", await (await _http.Send("GET", "/v1/tasks/streams/prod/web/0/logs?stream=stderr")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Following_sends_output_as_it_comes_and_ends_with_the_attempt()
    {
        var log = AddLog("follow/prod/web/0");
        log.Write("first\n");
        var response = await _http.Send("GET", "/v1/tasks/follow/prod/web/0/logs?follow=true");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("first", await reader.ReadLineAsync());
        log.Write("second\n");
        Assert.Equal("second", await reader.ReadLineAsync());
        log.Write("third\n");
        log.End();
        Assert.Equal("third", await reader.ReadLineAsync());
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Following_reads_more_than_a_piece_and_stops_at_the_limit()
    {
        var log = AddLog("long/prod/web/0");
        log.Write(new string('x', 700_000));
        log.End();
        Assert.Equal(700_000, (await _http.GetByteArrayAsync("/v1/tasks/long/prod/web/0/logs?follow")).Length);
        Assert.Equal(300_001, (await _http.GetByteArrayAsync("/v1/tasks/long/prod/web/0/logs?follow&limit=300001")).Length);
        Assert.Equal(256 * 1024, (await _http.GetByteArrayAsync("/v1/tasks/long/prod/web/0/logs")).Length);
    }

    [Fact]
    public async Task Following_outlasts_an_agent_that_is_away_for_a_moment()
    {
        var log = AddLog("away/prod/web/0");
        log.Write("before\n");
        var response = await _http.Send("GET", "/v1/tasks/away/prod/web/0/logs?follow=true");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("before", await reader.ReadLineAsync());
        log.Trouble = Problem.Of(ProblemKind.Unavailable, "agent-disconnected", "away");
        var reads = log.Reads;
        await Requests.Until(() => log.Reads > reads, "the gateway asked an agent that is away");
        log.Write("after\n");
        log.Trouble = null;
        log.End();
        Assert.Equal("after", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Output_that_is_lost_in_mid_stream_is_no_clean_end()
    {
        var log = AddLog("lost/prod/web/0");
        log.Write("before\n");
        var response = await _http.Send("GET", "/v1/tasks/lost/prod/web/0/logs?follow=true");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("before", await reader.ReadLineAsync());
        log.Trouble = Problem.Of(ProblemKind.NotFound, "log-not-found", "removed");
        await Assert.ThrowsAnyAsync<IOException>(async () => await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Reading_ends_when_the_reader_leaves()
    {
        var log = AddLog("leave/prod/web/0");
        log.Write("first\n");
        var response = await _http.Send("GET", "/v1/tasks/leave/prod/web/0/logs?follow=true");
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync()))
            Assert.Equal("first", await reader.ReadLineAsync());
        response.Dispose();

        // Two waits of the longest kind without a further read: nobody asks any more.
        var (reads, since) = (log.Reads, TimeProvider.System.GetTimestamp());
        await Requests.Until(
            () =>
            {
                if (log.Reads != reads) (reads, since) = (log.Reads, TimeProvider.System.GetTimestamp());
                return TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(2.5);
            },
            "the gateway stopped reading");
    }

    [Fact]
    public async Task No_output_is_a_problem_before_the_stream_begins()
    {
        var problem = await (await _http.Send("GET", "/v1/tasks/none/prod/web/0/logs?follow=true")).Problem(HttpStatusCode.NotFound);
        Assert.Equal("attempt-not-found", problem.Code());
    }

    private FakeLog AddLog(string task, string stream = "stdout") => fixture.Cell.Logs[(task, stream)] = new();

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));
}
