using System.Net.WebSockets;
using System.Text;
using Google.Protobuf;
using OrleansScheduler.Contracts.Protocol;

namespace OrleansScheduler.Gateway.Tests;

public sealed class ExecRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>, IAsyncLifetime
{
    private GatewayHost _gateway = null!;

    public async ValueTask InitializeAsync() =>
        _gateway = await GatewayHost.Start(fixture.Client, time: null, ("Cell:Access:Exec", "true"));

    public async ValueTask DisposeAsync() => await _gateway.DisposeAsync();

    [Fact]
    public async Task Commands_are_not_run_unless_the_cell_allows_it()
    {
        AddTask("closed");
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => Connect(fixture.Gateway, "closed", "command=true"));
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
        var response = await fixture.Http.GetAsync("/v1/tasks/closed/prod/web/0/exec?command=true");
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("not-allowed", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "command-empty")]
    [InlineData("command=true", "websocket-expected")]
    [InlineData("command=true&terminal=a%0Ab", "bad-terminal")]
    [InlineData("command=true&rows=0", "bad-parameter")]
    public async Task What_cannot_be_run_is_refused(string query, string code)
    {
        AddTask("wrong");
        var response = await _gateway.Http.GetAsync($"/v1/tasks/wrong/prod/web/0/exec?{query}");
        Assert.Contains($"\"code\":\"{code}\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_another_site_cannot_run_commands()
    {
        AddTask("cross");
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "http://evil.example");
        var refused = await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(
            new($"ws://{_gateway.Url.Authority}/v1/tasks/cross/prod/web/0/exec?command=true"), CancellationToken.None));
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_go_both_ways_and_the_end_is_told()
    {
        AddTask("talks");
        var (agent, _) = await FakeAgent.Register(_gateway, "talks-node");
        await using var own = agent;
        using var socket = await Connect(_gateway, "talks", "command=sh&command=-c&command=x&terminal=vt100&rows=10&columns=20");
        var start = (await agent.Read()).ExecCall;
        Assert.Equal(
            ("sh -c x", true, "vt100", 10, 20, "anonymous"),
            (string.Join(' ', start.Command), start.Terminal, start.TerminalKind, start.Rows, start.Columns, start.Actor));
        await agent.Send(new() { ExecData = new() { Request = start.Request, Session = "s" } });

        await socket.SendAsync(new byte[] { 0, (byte)'h', (byte)'i' }, WebSocketMessageType.Binary, true, CancellationToken.None);
        var input = await Answer(agent, call => call.Input.Length > 0, call => new()
        {
            Request = call.Request,
            Session = "s",
            InputTaken = 1
        });
        Assert.Equal("hi", input.Input.ToStringUtf8());
        var rest = await Answer(agent, call => call.Input.Length > 0, call => new()
        {
            Request = call.Request,
            Session = "s",
            InputTaken = 1
        });
        Assert.Equal("i", rest.Input.ToStringUtf8());

        await Answer(agent, call => call.WaitMillis > 0, call => new()
        {
            Request = call.Request,
            Session = "s",
            Output = ByteString.CopyFromUtf8("out"),
            Error = ByteString.CopyFromUtf8("err"),
            Ended = true,
            ExitCode = 3,
        });

        Assert.Equal("\0out", await Receive(socket));
        Assert.Equal("\u0001err", await Receive(socket));
        Assert.Equal("\u0002{\"exitCode\":3}", await Receive(socket));
    }

    [Fact]
    public async Task A_command_is_ended_when_its_user_leaves()
    {
        AddTask("leaves");
        var (agent, _) = await FakeAgent.Register(_gateway, "leaves-node");
        await using var own = agent;
        var socket = await Connect(_gateway, "leaves", "command=true");
        var start = (await agent.Read()).ExecCall;
        await agent.Send(new() { ExecData = new() { Request = start.Request, Session = "s" } });
        socket.Abort();
        socket.Dispose();

        await Answer(agent, call => call.Close, call => new() { Request = call.Request, Session = "s", Ended = true });
    }

    [Fact]
    public async Task An_agents_refusal_is_told()
    {
        AddTask("refuses");
        var (agent, _) = await FakeAgent.Register(_gateway, "refuses-node");
        await using var own = agent;
        using var socket = await Connect(_gateway, "refuses", "command=true");
        var start = (await agent.Read()).ExecCall;
        await agent.Send(new()
        {
            ExecData = new()
            {
                Request = start.Request,
                ProblemKind = (int)ProblemKind.Conflict,
                ProblemCode = "task-not-running",
                ProblemMessage = "It has ended.",
            },
        });

        Assert.Equal("\u0002{\"code\":\"task-not-running\",\"detail\":\"It has ended.\",\"status\":409}", await Receive(socket));
    }

    private void AddTask(string role) => fixture.Cell.AddJob($"{role}/prod/web", 1, (_, task) => task with
    {
        History = [new(DateTimeOffset.UnixEpoch, 1, ScheduleStatus.Assigned, null, role + "-node")],
    });

    private static async Task<ClientWebSocket> Connect(GatewayHost gateway, string role, string query)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new($"ws://{gateway.Url.Authority}/v1/tasks/{role}/prod/web/0/exec?{query}"), CancellationToken.None);
        return socket;
    }

    /// <summary>Answers calls until one of a kind comes; the others are told that there is nothing.</summary>
    private static async Task<ExecCall> Answer(FakeAgent agent, Predicate<ExecCall> isIt, Func<ExecCall, ExecData> answer)
    {
        while (true)
        {
            var call = (await agent.Read()).ExecCall;
            await agent.Send(new() { ExecData = isIt(call) ? answer(call) : new() { Request = call.Request, Session = "s" } });
            if (isIt(call)) return call;
        }
    }

    private static async Task<string> Receive(ClientWebSocket socket)
    {
        var buffer = new byte[1000];
        for (var length = 0; ;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            length += received.Count;
            if (received.EndOfMessage) return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }
}
