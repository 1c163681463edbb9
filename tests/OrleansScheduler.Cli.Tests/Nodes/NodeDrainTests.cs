using System.Text.Json;

namespace OrleansScheduler.Cli.Tests;

public sealed class NodeDrainTests
{
    private const string Held = """
        {"node":"node-1","mode":"draining","defaultSla":"95 %","deadline":"2026-01-02T04:00:00Z","force":false,"tasks":3,"leaving":1,
         "held":[{"job":"shop/prod/web","instance":4,"reason":"Too few would be left.","until":"2026-01-02T03:30:00Z"}]}
        """;

    [Fact]
    public async Task A_plain_drain_has_no_body()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        var outcome = await CommandLine.RunAsync(gateway, "node", "drain", "node-1", "--operation", "mine");
        Assert.Equal(new Outcome(0, "Node node-1 is ready and has 2 tasks.\n", ""), outcome);
        var request = Assert.Single(gateway.Seen);
        Assert.Equal(("/v1/nodes/node-1/drain", "mine", ""), (request.PathAndQuery, request.OperationId, request.Body));
    }

    [Fact]
    public async Task The_terms_of_a_drain_are_sent()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        await CommandLine.RunAsync(gateway, "node", "drain", "node-1", "--percentage", "95", "--duration", "10m", "--deadline", "1h");
        await CommandLine.RunAsync(gateway, "node", "drain", "node-1", "--count", "2");
        Assert.Equal(
            ["""{"sla":{"percentage":95,"duration":"10m"},"deadline":"1h","force":false}""", """{"sla":{"count":2},"force":false}"""],
            gateway.Seen.Select(request => request.Body));
    }

    [Fact]
    public async Task A_window_is_sent_as_times_and_may_be_counted_from_now()
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        await CommandLine.RunAsync(
            gateway, "node", "schedule", "node-1", "--from", "2026-12-01T22:00Z", "--until", "2026-12-02T02:00:00+01:00");
        var before = DateTimeOffset.UtcNow;
        await CommandLine.RunAsync(gateway, "node", "schedule", "node-1", "--from", "2h");
        var bodies = gateway.Seen.Select(request => JsonElement.Parse(request.Body)).ToArray();
        Assert.Equal("/v1/nodes/node-1/schedule", gateway.Seen.First().PathAndQuery);
        Assert.Equal(new DateTimeOffset(2026, 12, 1, 22, 0, 0, TimeSpan.Zero), bodies[0].GetProperty("from").GetDateTimeOffset());
        Assert.Equal(new DateTimeOffset(2026, 12, 2, 1, 0, 0, TimeSpan.Zero), bodies[0].GetProperty("until").GetDateTimeOffset());
        Assert.InRange(bodies[1].GetProperty("from").GetDateTimeOffset(), before.AddHours(2), DateTimeOffset.UtcNow.AddHours(2));
    }

    [Fact]
    public async Task Explain_shows_who_holds_the_drain_up_and_changes_nothing()
    {
        await using var gateway = await StubGateway.WithAsync(Held);
        var outcome = await CommandLine.RunAsync(gateway, "node", "drain", "node-1", "--explain");
        Assert.Equal(
            """
            Node         node-1
            Maintenance  draining
            Default SLA  95 %
            Forced at    2026-01-02 04:00:00Z
            Tasks        3, of which 1 are being stopped and 1 held back

            TASK             UNTIL                 REASON
            shop/prod/web/4  2026-01-02 03:30:00Z  Too few would be left.

            """, outcome.Output);
        Assert.Equal("GET", Assert.Single(gateway.Seen).Method);
    }

    [Fact]
    public async Task Waiting_says_who_holds_it_up_until_the_node_is_drained()
    {
        await using var gateway = await StubGateway.StartAsync((context, before) => StubGateway.WriteAsync(context, before switch
        {
            0 => Canned.Node,
            1 => Held,
            _ => """{"node":"node-1","mode":"drained","tasks":0,"leaving":0,"held":[],"force":false}""",
        }));
        var outcome = await CommandLine.RunAsync(gateway, "node", "drain", "node-1", "--count", "1", "--wait");
        Assert.Equal(0, outcome.Code);
        Assert.Equal("1 task held back, first shop/prod/web/4: Too few would be left.\n", outcome.Error);
        Assert.Equal(3, gateway.Seen.Count);
    }

    [Fact]
    public async Task Waiting_ends_in_time_and_when_somebody_puts_the_node_back()
    {
        await using var gateway = await StubGateway.StartAsync((context, before) =>
            StubGateway.WriteAsync(context, before == 0 ? Canned.Node : Held));
        var late = await CommandLine.RunAsync(gateway, "node", "drain", "node-1", "--wait", "--timeout", "1ms");
        Assert.Equal(124, late.Code);

        await using var other = await StubGateway.StartAsync((context, before) => StubGateway.WriteAsync(
            context, before == 0 ? Canned.Node : """{"node":"node-1","mode":"none","tasks":2,"leaving":0,"held":[],"force":false}"""));
        Assert.Equal(1, (await CommandLine.RunAsync(other, "node", "drain", "node-1", "--wait")).Code);
    }

    [Theory]
    [InlineData("drain", "--percentage", "95", "--count", "2")]
    [InlineData("drain", "--percentage", "101")]
    [InlineData("drain", "--count", "-1")]
    [InlineData("drain", "--duration", "5m")]
    [InlineData("drain", "--deadline", "soon")]
    [InlineData("drain", "--force", "--count", "1")]
    [InlineData("schedule", "--from", "some day")]
    public async Task What_makes_no_sense_is_refused_before_anything_is_asked(string verb, params string[] options)
    {
        await using var gateway = await StubGateway.WithAsync(Canned.Node);
        Assert.Equal(2, (await CommandLine.RunAsync(gateway, ["node", verb, "node-1", .. options])).Code);
        Assert.Empty(gateway.Seen);
    }

    [Fact]
    public async Task A_job_shows_how_well_it_was_served()
    {
        await using var gateway = await StubGateway.WithAsync("""
            {"job":"shop/prod/web","at":"2026-01-02T04:00:00Z","windowSeconds":3600,"knownSince":"2026-01-02T03:30:00Z",
             "jobUptimeSeconds":{"50":7200,"99":60},"platformUptimePercent":99.5,"mttaMs":12,"mttsMs":30,"mttrMs":250}
            """);
        var outcome = await CommandLine.RunAsync(gateway, "job", "status", "shop/prod/web", "--sla", "--window", "1h");
        Assert.Equal("/v1/jobs/shop/prod/web/sla?window=1h", Assert.Single(gateway.Seen).PathAndQuery);
        Assert.Contains("Platform uptime  99.5 %\nJob uptime       50 % for 2h0m, 99 % for 1m0s", outcome.Output);
        Assert.Contains("Known for        30m0s: tasks had more events than they keep\n", outcome.Output);
    }
}
