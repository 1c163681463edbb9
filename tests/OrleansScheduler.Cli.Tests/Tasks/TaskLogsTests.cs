using System.Globalization;
using System.Text;

namespace OrleansScheduler.Cli.Tests;

public sealed class TaskLogsTests
{
    private const int PieceBytes = 1000;

    [Theory]
    [InlineData("a\nb\nc\n", "2", "b\nc\n")]
    [InlineData("a\nb\nc", "2", "b\nc")]
    [InlineData("a\nb\nc\n", "9", "a\nb\nc\n")]
    [InlineData("a\nb\nc\n", "0", "")]
    [InlineData("", "5", "")]
    [InlineData("\n\n\n", "2", "\n\n")]
    public async Task Tail_prints_the_last_lines(string log, string lines, string expected)
    {
        await using var gateway = await ServingAsync(log);
        var outcome = await CommandLine.RunAsync(gateway, "task", "logs", "a/b/c/0", "--tail", lines);
        Assert.Equal(new Outcome(0, expected, ""), outcome);
    }

    [Fact]
    public async Task Tail_looks_further_back_until_it_has_enough_lines()
    {
        var line = new string('x', 9999) + "\n";
        await using var gateway = await ServingAsync(string.Concat(Enumerable.Repeat(line, 30)));
        var outcome = await CommandLine.RunAsync(gateway, "task", "logs", "a/b/c/0", "--tail", "5");
        Assert.Equal(string.Concat(Enumerable.Repeat(line, 5)), outcome.Output);
    }

    [Fact]
    public async Task The_whole_output_is_put_together_from_pieces_byte_for_byte()
    {
        var log = string.Concat(Enumerable.Range(0, 1000).Select(i => $"line {i} äöü\n"));
        await using var gateway = await ServingAsync(log);
        var outcome = await CommandLine.RunAsync(gateway, "task", "logs", "a/b/c/0", "--stderr", "--attempt", "2");
        Assert.Equal(log, outcome.Output);
        Assert.StartsWith("/v1/tasks/a/b/c/0/logs?stream=stderr&attempt=2&offset=0", gateway.Seen.First().PathAndQuery);
    }

    private static Task<StubGateway> ServingAsync(string log)
    {
        var bytes = Encoding.UTF8.GetBytes(log);
        return StubGateway.StartAsync(async (context, _) =>
        {
            var offset = long.Parse(context.Request.Query["offset"].ToString(), CultureInfo.InvariantCulture);
            var start = (int)Math.Min(bytes.Length, offset < 0 ? Math.Max(0, bytes.Length + offset) : offset);
            var piece = bytes.AsMemory(start, Math.Min(PieceBytes, bytes.Length - start));
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.Headers["X-Log-Attempt"] = "2";
            context.Response.Headers["X-Log-Offset"] = $"{start}";
            context.Response.Headers["X-Log-Ended"] = start + piece.Length == bytes.Length ? "true" : "false";
            await context.Response.Body.WriteAsync(piece);
        });
    }
}
