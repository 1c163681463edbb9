using Microsoft.AspNetCore.Http;

namespace OrleansScheduler.Cli.Tests;

public sealed class SchedulerClientTests
{
    private static readonly JobKey Job = new("shop", "prod", "web");

    [Theory]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(429)]
    public async Task A_change_is_sent_again_with_the_same_operation_id(int status)
    {
        await using var gateway = await StubGateway.StartAsync((context, before) =>
            before < 2 ? StubGateway.WriteProblemAsync(context, status, "busy") : StubGateway.WriteAsync(context, Canned.Command));
        using var client = Create(gateway);
        var answer = await client.ScaleJobAsync(Job, 5, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, answer.Value!.Instances);
        Assert.Equal(3, gateway.Seen.Count);
        Assert.NotNull(Assert.Single(gateway.Seen.Select(request => request.OperationId).Distinct()));
        Assert.All(gateway.Seen, request => Assert.Equal("{\"instances\":5}", request.Body));
    }

    [Theory]
    [InlineData(429, ProblemKind.TooMany)]
    [InlineData(503, ProblemKind.Unavailable)]
    public async Task A_gateway_that_asks_for_time_gets_it_a_bounded_number_of_times(int status, ProblemKind kind)
    {
        await using var gateway = await StubGateway.StartAsync((context, before) =>
        {
            context.Response.Headers.RetryAfter = "3600";
            return StubGateway.WriteProblemAsync(context, status, "busy");
        });
        var waits = new List<(string Code, TimeSpan Wait)>();
        using var client = new SchedulerClient(new()
        {
            Gateway = gateway.Address,
            Attempts = 3,
            FirstDelay = TimeSpan.FromMilliseconds(1),
            MaxRetryAfter = TimeSpan.FromMilliseconds(50),
            Waiting = (problem, wait) => waits.Add((problem.Code, wait)),
        });
        var answer = await client.ScaleJobAsync(Job, 5, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((kind, "busy"), (answer.Problem!.Kind, answer.Problem.Code));
        Assert.Equal(3, gateway.Seen.Count);
        Assert.Single(gateway.Seen.Select(request => request.OperationId).Distinct());
        Assert.Equal(2, waits.Count);
        Assert.All(waits, wait => Assert.InRange(wait.Wait.TotalMilliseconds, 50, 51));
    }

    [Fact]
    public async Task A_broken_connection_is_tried_again_with_the_same_operation_id()
    {
        await using var gateway = await StubGateway.StartAsync((context, before) =>
        {
            if (before > 0) return StubGateway.WriteAsync(context, Canned.Command);
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = Create(gateway);
        var answer = await client.StopJobAsync(Job, [1, 2], "stop-1", TestContext.Current.CancellationToken);
        Assert.Null(answer.Problem);
        Assert.Equal(["stop-1", "stop-1"], gateway.Seen.Select(request => request.OperationId));
        Assert.Equal("{\"instances\":[1,2]}", gateway.Seen.Last().Body);
    }

    [Fact]
    public async Task A_change_whose_answers_are_all_lost_has_an_unknown_outcome_and_says_its_operation_id()
    {
        await using var gateway = await StubGateway.StartAsync((context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        using var client = Create(gateway);
        var answer = await client.RestartJobAsync(Job, operationId: "restart-1", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(ProblemKind.OutcomeUnknown, answer.Problem!.Kind);
        Assert.Contains("restart-1", answer.Problem.Message);
        Assert.Equal(4, gateway.Seen.Count);
    }

    [Fact]
    public async Task A_change_that_never_left_has_a_known_outcome()
    {
        using var client = new SchedulerClient(
            new() { Gateway = new($"http://127.0.0.1:{LoopbackPort.Free()}"), FirstDelay = TimeSpan.FromMilliseconds(1) });
        var answer = await client.RestartJobAsync(Job, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((ProblemKind.Unavailable, "gateway-unreachable"), (answer.Problem!.Kind, answer.Problem.Code));
    }

    [Theory]
    [InlineData(409)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task A_refusal_is_final(int status)
    {
        await using var gateway = await StubGateway.WithProblemAsync(status, "refused", "No.", new FieldError("a", "b", "c", 1, 2, 3));
        using var client = Create(gateway);
        var answer = await client.ScaleJobAsync(Job, 5, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("refused", "No."), (answer.Problem!.Code, answer.Problem.Message));
        Assert.Equal(new FieldError("a", "b", "c", 1, 2, 3), Assert.Single(answer.Problem.Errors));
        Assert.Single(gateway.Seen);
    }

    [Fact]
    public async Task Events_go_on_behind_the_last_one_after_a_broken_connection()
    {
        var (twoSeen, threeSeen) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var gateway = await StubGateway.StartAsync(async (context, before) =>
        {
            context.Response.ContentType = "text/event-stream";
            var lines = before == 0
                ? ": heart-beat\n\n" + Event("1") + Event("2")
                : Event("3");
            await context.Response.WriteAsync(lines, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await (before == 0 ? twoSeen : threeSeen).Task;
            context.Abort();
        });
        using var client = Create(gateway);
        var cursors = new List<string>();
        await foreach (var answer in client.WatchEventsAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            cursors.Add(answer.Value!.Cursor);
            if (cursors.Count == 2) twoSeen.SetResult();
            if (cursors.Count == 3) break;
        }

        threeSeen.SetResult();
        Assert.Equal(["1", "2", "3"], cursors);
        Assert.Equal([null, "2"], gateway.Seen.Take(2).Select(request => request.LastEventId));
        Assert.All(gateway.Seen, request => Assert.Equal("text/event-stream", request.Accept));
    }

    [Fact]
    public async Task A_cursor_that_is_too_old_ends_the_stream_with_its_problem()
    {
        await using var gateway = await StubGateway.WithProblemAsync(410, "cursor-expired");
        using var client = Create(gateway);
        var answers = await client.WatchEventsAsync("7", TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ProblemKind.Expired, Assert.Single(answers).Problem!.Kind);
    }

    [Fact]
    public async Task A_stream_that_holds_no_events_ends_with_a_problem()
    {
        await using var gateway = await StubGateway.StartAsync((context, _) => context.Response.WriteAsync("data: <html>\n\n"));
        using var client = Create(gateway);
        var answers = await client.WatchEventsAsync(cancellationToken: TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal("unexpected-answer", Assert.Single(answers).Problem!.Code);
    }

    [Fact]
    public async Task Following_output_goes_on_at_the_byte_where_the_connection_broke()
    {
        var firstSeen = new TaskCompletionSource();
        await using var gateway = await StubGateway.StartAsync(async (context, before) =>
        {
            context.Response.Headers["X-Log-Attempt"] = "2";
            context.Response.Headers["X-Log-Offset"] = before == 0 ? "100" : "105";
            await context.Response.WriteAsync(before == 0 ? "hello" : " world", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (before > 0) return;
            await firstSeen.Task;
            context.Abort();
        });
        using var client = Create(gateway);
        var text = "";
        await foreach (var piece in client.FollowLogAsync(new(Job, 0), new() { Offset = -5 }, TestContext.Current.CancellationToken))
        {
            Assert.Equal(2, piece.Value!.Attempt);
            text += System.Text.Encoding.UTF8.GetString(piece.Value.Data.AsSpan());
            firstSeen.TrySetResult();
        }

        Assert.Equal("hello world", text);
        Assert.Equal(
            [
                "/v1/tasks/shop/prod/web/0/logs?stream=stdout&offset=-5&follow=true",
                "/v1/tasks/shop/prod/web/0/logs?stream=stdout&attempt=2&offset=105&follow=true",
            ],
            gateway.Seen.Select(request => request.PathAndQuery));
    }

    private static string Event(string cursor) =>
        $$"""
        id: {{cursor}}
        event: node
        data: {"cursor":"{{cursor}}","at":"2026-01-02T03:04:05Z","kind":"node","node":"n","status":"ready"}


        """;

    private static SchedulerClient Create(StubGateway gateway) =>
        new(new() { Gateway = gateway.Address, FirstDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(5) });
}
