using Google.Protobuf;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway.Tests;

public sealed class FileRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>, IAsyncLifetime
{
    private GatewayHost _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayHost.Start(fixture.Client, time: null, ("Cell:Access:Files", "true"));

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Theory]
    [InlineData("/files")]
    [InlineData("/files/content?path=a")]
    public async Task Files_are_not_shown_unless_the_cell_allows_it(string route)
    {
        AddTask("closed", "closed-node");
        await ProblemOf(await fixture.Http.Send("GET", "/v1/tasks/closed/prod/web/0" + route), HttpStatusCode.Forbidden, "not-allowed");
    }

    [Fact]
    public async Task A_directory_is_listed_as_the_agent_says()
    {
        var (agent, _) = await Agent("lists");
        await using var own = agent;
        var asking = _gateway.Http.Send("GET", "/v1/tasks/lists/prod/web/0/files?path=d");
        var question = (await agent.Read()).ReadFile;
        Assert.Equal(("d", true, 1, "anonymous"), (question.Path, question.List, question.Attempt.Number, question.Actor));

        var answer = new FileData { Request = question.Request, Truncated = true };
        answer.Entries.Add(new Contracts.Protocol.FileEntry { Name = "a", Kind = "file", Size = 3, Mode = 0x1A4, ModifiedUnixSeconds = 1 });
        await agent.Send(new() { FileData = answer });

        var body = await (await asking).Content.ReadAsStringAsync();
        Assert.Equal(
            """{"attempt":1,"path":"d","entries":[{"name":"a","kind":"file","size":3,"""
            + "\"modified\":\"1970-01-01T00:00:01+00:00\",\"mode\":\"0644\"}],"
            + "\"truncated\":true}", body.Replace("1970-01-01T00:00:01Z", "1970-01-01T00:00:01+00:00", StringComparison.Ordinal)
                .Replace("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:01+00:00", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_comes_piece_by_piece_until_it_is_whole()
    {
        var (agent, _) = await Agent("pieces");
        await using var own = agent;
        var asking = _gateway.Http.GetStringAsync("/v1/tasks/pieces/prod/web/0/files/content?path=a&offset=2&limit=6");
        foreach (var (offset, data) in new[] { (2L, "cde"), (5L, "fghijk") })
        {
            var question = (await agent.Read()).ReadFile;
            Assert.Equal(("a", false, offset), (question.Path, question.List, question.Offset));
            await agent.Send(new()
            {
                FileData = new() { Request = question.Request, Size = 11, Data = ByteString.CopyFromUtf8(data) },
            });
        }

        Assert.Equal("cdefgh", await asking);
    }

    [Fact]
    public async Task A_file_that_becomes_shorter_is_no_clean_end()
    {
        var (agent, _) = await Agent("shorter");
        await using var own = agent;
        var asking = _gateway.Http.GetStringAsync("/v1/tasks/shorter/prod/web/0/files/content?path=a");
        foreach (var data in new[] { "abc", "" })
        {
            var question = (await agent.Read()).ReadFile;
            await agent.Send(new() { FileData = new() { Request = question.Request, Size = 11, Data = ByteString.CopyFromUtf8(data) } });
        }

        await Assert.ThrowsAsync<HttpRequestException>(() => asking);
    }

    [Fact]
    public async Task An_agents_refusal_is_passed_on_with_its_kind()
    {
        var (agent, _) = await Agent("refuses");
        await using var own = agent;
        var asking = _gateway.Http.Send("GET", "/v1/tasks/refuses/prod/web/0/files/content?path=..%2Fx");
        var question = (await agent.Read()).ReadFile;
        await agent.Send(new()
        {
            FileData = new()
            {
                Request = question.Request,
                ProblemKind = (int)ProblemKind.Invalid,
                ProblemCode = "outside-sandbox",
                ProblemMessage = "'../x' leads outside.",
            },
        });
        await ProblemOf(await asking, HttpStatusCode.UnprocessableEntity, "outside-sandbox");
    }

    [Fact]
    public async Task A_task_that_is_not_there_or_was_never_on_a_node_is_said_to_be_so()
    {
        await ProblemOf(await _gateway.Http.Send("GET", "/v1/tasks/no/prod/web/0/files"), HttpStatusCode.NotFound, "task-not-found");
        fixture.Cell.AddJob("nowhere/prod/web");
        await ProblemOf(await _gateway.Http.Send("GET", "/v1/tasks/nowhere/prod/web/0/files"), HttpStatusCode.NotFound,
            "attempt-not-found");
    }

    private Task<(FakeAgent Agent, Registered Registered)> Agent(string role)
    {
        AddTask(role, role + "-node");
        return FakeAgent.Register(_gateway, role + "-node");
    }

    private void AddTask(string role, string node) => fixture.Cell.AddJob($"{role}/prod/web", 1, (_, task) => task with
    {
        History = [new(DateTimeOffset.UnixEpoch, 1, ScheduleStatus.Assigned, null, node)],
    });

    private static async Task ProblemOf(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Contains($"\"code\":\"{code}\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
