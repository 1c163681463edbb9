namespace OrleansScheduler.Cli.Tests;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(400, "bad-body", 2)]
    [InlineData(413, "too-large", 2)]
    [InlineData(415, "unsupported-media", 2)]
    [InlineData(422, "invalid", 2)]
    [InlineData(404, "job-not-found", 3)]
    [InlineData(409, "conflict", 4)]
    [InlineData(412, "outdated", 4)]
    [InlineData(410, "cursor-expired", 4)]
    [InlineData(503, "unavailable", 5)]
    [InlineData(504, "outcome-unknown", 5)]
    public async Task Each_class_of_problem_has_its_exit_code(int status, string code, int expected)
    {
        await using var gateway = await StubGateway.WithProblemAsync(status, code);
        var outcome = await CommandLine.RunAsync(gateway, "job", "stop", "shop/prod/web");
        Assert.Equal(expected, outcome.Code);
        Assert.Empty(outcome.Output);
        Assert.Contains($"[{code}]", outcome.Error);
    }

    [Fact]
    public async Task Success_is_zero_and_errors_stay_empty()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Command);
        var outcome = await CommandLine.RunAsync(gateway, "job", "stop", "shop/prod/web");
        Assert.Equal(new Outcome(0, "Stopping 3 instances.\n", ""), outcome);
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_unreachable()
    {
        var outcome = await CommandLine.RunAsync("node", "list", "--gateway", $"http://127.0.0.1:{LoopbackPort.Free()}");
        Assert.Equal(5, outcome.Code);
        Assert.Contains("[gateway-unreachable]", outcome.Error);
    }

    [Fact]
    public async Task An_answer_that_is_no_gateway_s_is_unreachable()
    {
        await using var gateway = await StubGateway.WithAsync("<html>welcome</html>");
        var outcome = await CommandLine.RunAsync(gateway, "node", "list");
        Assert.Equal(5, outcome.Code);
        Assert.Contains("[unexpected-answer]", outcome.Error);
    }

    [Theory]
    [InlineData("job", "status", "web")]
    [InlineData("task", "status", "shop/prod/web")]
    [InlineData("node", "list", "-o", "xml")]
    [InlineData("node", "list", "--limit", "0")]
    [InlineData("node", "list", "--gateway", "localhost:7070")]
    [InlineData("job", "stop", "a/b/c", "--timeout", "soon")]
    [InlineData("job", "restart", "a/b/c", "--instances", "3-1")]
    [InlineData("job")]
    [InlineData]
    public async Task A_wrong_command_line_is_refused_before_anything_is_asked(params string[] args)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Nodes);
        var outcome = await CommandLine.RunAsync(gateway, args);
        Assert.Equal(2, outcome.Code);
        Assert.Empty(outcome.Output);
        Assert.Contains("--help", outcome.Error);
        Assert.Empty(gateway.Seen);
    }

    [Fact]
    public async Task Interrupting_a_submit_says_how_to_repeat_it_safely()
    {
        using var interrupt = new CancellationTokenSource();
        await using var gateway = await StubGateway.StartAsync(async (context, _) =>
        {
            await interrupt.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var outcome = await CommandLine.RunAsync(
            gateway, new Surroundings { Input = Canned.JobFile, Interrupt = interrupt.Token }, "job", "run", "-");
        Assert.Equal(130, outcome.Code);
        Assert.Contains($"--operation {Assert.Single(gateway.Seen).OperationId}", outcome.Error);
    }
}
