using System.Net;

namespace OrleansScheduler.Cli.Tests;

public sealed class ExampleWebTests
{
    [Fact]
    public async Task The_example_answers_until_it_is_asked_to_end()
    {
        using var end = new CancellationTokenSource();
        var port = LoopbackPort.Free();
        var around = new Surroundings
        {
            Variables = new() { ["PORT_HTTP"] = $"{port}", ["GREETING"] = "Good day", ["OSCHED_INSTANCE"] = "2" },
            Interrupt = end.Token,
        };
        var running = CommandLine.RunAsync(gateway: null, around, "example", "web");
        using var http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port}") };
        Assert.Equal("ok\n", await http.GetStringAsync("/health", TestContext.Current.CancellationToken));
        Assert.Equal("Good day from instance 2\n", await http.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/nothing", TestContext.Current.CancellationToken)).StatusCode);
        await end.CancelAsync();
        Assert.Equal(0, (await running).Code);
    }

    [Fact]
    public async Task Without_a_port_it_says_what_is_missing()
    {
        var outcome = await CommandLine.RunAsync("example", "web");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("PORT_HTTP", outcome.Error);
    }
}
