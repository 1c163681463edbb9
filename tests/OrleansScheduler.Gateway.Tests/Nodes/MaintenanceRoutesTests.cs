namespace OrleansScheduler.Gateway.Tests;

public sealed class MaintenanceRoutesTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private const string Json = "application/json";
    private readonly HttpClient _http = fixture.Http;
    private readonly FakeCell _cell = fixture.Cell;

    [Fact]
    public async Task A_drain_with_an_SLA_and_a_deadline_says_both_to_the_node()
    {
        _cell.AddNode("as-allowed");
        await (await _http.Send(
            "POST", "/v1/nodes/as-allowed/drain", """{"sla":{"percentage":95,"duration":"10m"},"deadline":"1h"}""", Json,
            ("Idempotency-Key", "d-1"))).Read<NodeView>();
        Assert.Contains(_cell.Commands.OfType<MaintenanceCommand>(), command => command == new MaintenanceCommand
        {
            OperationId = "d-1",
            Actor = "anonymous",
            Request = new() { DefaultSla = new(95, null, TimeSpan.FromMinutes(10)), DeadlineAfter = TimeSpan.FromHours(1) },
        });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"force":true}""")]
    public async Task A_drain_without_terms_is_the_plain_one(string? body)
    {
        _cell.AddNode("plain");
        await (await _http.Send("POST", "/v1/nodes/plain/drain", body, Json, ("Idempotency-Key", $"plain-{body}"))).Read<NodeView>();
        Assert.Contains(("drain", $"plain-{body}", "anonymous"), _cell.Commands);
    }

    [Fact]
    public async Task A_window_is_planned_and_the_SLA_counts_in_it()
    {
        _cell.AddNode("planned");
        var node = await (await _http.Send(
            "POST", "/v1/nodes/planned/schedule",
            """{"from":"2026-12-01T22:00:00Z","until":"2026-12-02T02:00:00+01:00","sla":{"count":2}}""", Json,
            ("Idempotency-Key", "s-1"))).Read<NodeView>();
        Assert.Equal(MaintenanceMode.Scheduled, node.Mode);
        var command = Assert.Single(_cell.Commands.OfType<MaintenanceCommand>(), c => c.OperationId == "s-1");
        Assert.True(command.IsSchedule);
        Assert.False(command.Request!.Force);
        Assert.Equal(new SlaPolicy(null, 2, TimeSpan.FromMinutes(30)), command.Request.DefaultSla);
        Assert.Equal(new DateTimeOffset(2026, 12, 1, 22, 0, 0, TimeSpan.Zero), command.Request.From);
        Assert.Equal(new DateTimeOffset(2026, 12, 2, 1, 0, 0, TimeSpan.Zero), command.Request.Until);
    }

    [Fact]
    public async Task The_drain_of_a_node_is_described()
    {
        _cell.AddNode("described");
        var drain = await _http.Get<DrainView>("/v1/nodes/described/drain");
        Assert.Equal(("described", MaintenanceMode.None), (drain.Node, drain.Mode));
    }

    [Theory]
    [InlineData("", 60)]
    [InlineData("?window=2h", 7200)]
    public async Task The_SLA_figures_of_a_job_are_those_of_a_window(string query, double seconds)
    {
        _cell.AddJob("sla/prod/web");
        var sla = await _http.Get<JobSlaView>($"/v1/jobs/sla/prod/web/sla{query}");
        Assert.Equal((seconds, 99.5), (sla.WindowSeconds, sla.PlatformUptimePercent));
    }
}
