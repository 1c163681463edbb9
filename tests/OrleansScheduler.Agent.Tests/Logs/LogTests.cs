using System.Text;

namespace OrleansScheduler.Agent.Tests;

public sealed class LogTests : IAsyncLifetime
{
    private Node _node = null!;
    private long _request;

    public async ValueTask InitializeAsync() => _node = await Node.Start();

    public async ValueTask DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task The_output_of_an_ended_task_is_read_in_pieces_up_to_its_end()
    {
        var attempt = _node.Launch(Node.Shell("printf 'hello world'; printf oops >&2"));
        await _node.Gateway.End(attempt);

        var first = await Read(attempt, "stdout", 0, 5);
        var rest = await Read(attempt, "stdout", 5, 100);

        Assert.Equal(("hello", 0L, false), (Text(first), first.Offset, first.Ended));
        Assert.Equal((" world", 5L, true), (Text(rest), rest.Offset, rest.Ended));
        Assert.Equal("oops", Text(await Read(attempt, "stderr", 0, 0)));
    }

    [Fact]
    public async Task A_negative_offset_counts_from_the_end()
    {
        var attempt = _node.Launch(Node.Shell("printf 'hello world'"));
        await _node.Gateway.End(attempt);

        var tail = await Read(attempt, "stdout", -5, 0);

        Assert.Equal(("world", 6L), (Text(tail), tail.Offset));
        Assert.Equal("hello world", Text(await Read(attempt, "stdout", -500, 0)));
    }

    [Fact]
    public async Task The_output_of_a_running_task_has_not_ended()
    {
        var attempt = _node.Launch(Node.Shell("echo hello; echo 1 >ready; exec sleep 1000"));
        await _node.Number(attempt, "ready");

        var all = await Read(attempt, "stdout", 0, 0);

        Assert.Equal(("hello\n", false), (Text(all), all.Ended));
        Assert.Equal((0, 6L),
            ((await Read(attempt, "stdout", 1_000_000, 0)).Data.Length, (await Read(attempt, "stdout", 1_000_000, 0)).Offset));
    }

    [Fact]
    public async Task A_piece_has_a_largest_size()
    {
        var attempt = _node.Launch(Node.Shell("head -c 600000 /dev/zero | tr '\\0' x"));
        await _node.Gateway.End(attempt);

        Assert.Equal(LogReader.LargestPiece, (await Read(attempt, "stdout", 0, int.MaxValue)).Data.Length);
    }

    [Theory]
    [InlineData("attempt.json", "bad-stream")]
    [InlineData("../../agent.lock", "bad-stream")]
    [InlineData("", "bad-stream")]
    public async Task Only_the_two_streams_can_be_read(string stream, string code)
    {
        var attempt = _node.Launch(Node.Shell("true"));
        await _node.Gateway.End(attempt);

        Assert.Equal(code, (await Read(attempt, stream, 0, 0)).ProblemCode);
    }

    [Fact]
    public async Task An_attempt_that_never_ran_here_has_no_output() =>
        Assert.Equal("log-not-found", (await Read(_node.NextAttempt(), "stdout", 0, 0)).ProblemCode);

    [Fact]
    public async Task Output_beyond_its_limit_gives_up_its_oldest_part_and_keeps_its_offsets()
    {
        var spec = Node.Shell("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last; echo 1 >ready; exec sleep 1000")
            with
        { Logs = new() { RotateSizeMiB = 1, Keep = 2 } };
        var attempt = _node.Launch(spec);
        await _node.Number(attempt, "ready");

        var start = await Read(attempt, "stdout", 0, 10);
        Assert.InRange(start.Offset, 5_000_000 - (3 << 20), 5_000_000 - (1 << 20));
        Assert.Equal("xxxxxxxxxx", Text(start));
        Assert.Equal("last\n", Text(await Read(attempt, "stdout", 5_000_001, 0)));
    }

    private static string Text(LogData data) => Encoding.UTF8.GetString(data.Data.Span);

    private async Task<LogData> Read(AttemptId attempt, string stream, long offset, int maxBytes)
    {
        var request = ++_request;
        _node.Gateway.Send(new()
        {
            ReadLog = new()
            {
                Request = request,
                Attempt = new() { Job = attempt.Job.ToString(), Instance = attempt.Instance, Number = attempt.Number },
                Stream = stream,
                Offset = offset,
                MaxBytes = maxBytes,
            },
        });
        await Wait.Until(() => _node.Gateway.LogOf(request) is not null, $"answer {request}");
        return _node.Gateway.LogOf(request)!;
    }
}
