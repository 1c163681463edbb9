namespace OrleansScheduler.Gateway.Tests;

public sealed class FailureTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Theory]
    [InlineData("timeout", 504, "outcome-unknown")]
    [InlineData("slow", 504, "outcome-unknown")]
    [InlineData("unreachable", 503, "unavailable")]
    [InlineData("busy", 503, "overloaded")]
    [InlineData("broken", 500, "internal")]
    public async Task A_failed_call_is_told_without_its_details(string job, int status, string code)
    {
        await using var hasty = await GatewayHost.Start(fixture.Client, time: null, ("Gateway:RequestTimeout", "00:00:01"));
        var http = job == "slow" ? hasty.Http : fixture.Http;
        foreach (var method in new[] { "GET", "POST" })
        {
            using var response = method == "GET"
                ? await http.Send("GET", $"/v1/jobs/fail/prod/{job}")
                : await http.Send("POST", "/v1/jobs", Requests.JobFile($"fail/prod/{job}"), headers: ("Idempotency-Key", "mine"));
            var problem = await response.Problem((HttpStatusCode)status);
            Assert.Equal(code, problem.Code());
            Assert.DoesNotContain("secret", problem.GetRawText());
            if (status == 503) Assert.NotNull(response.Headers.RetryAfter);
            if (method == "GET") continue;
            Assert.Equal("mine", Assert.Single(response.Headers.GetValues("Idempotency-Key")));
            if (code is not ("internal" or "overloaded")) Assert.Contains("same Idempotency-Key",
                problem.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task Agents_and_users_are_served_on_their_own_listeners_only()
    {
        using var http2 = new HttpClient { BaseAddress = fixture.Gateway.AgentUrl };
        http2.DefaultRequestVersion = HttpVersion.Version20;
        http2.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        Assert.Equal("route-not-found", (await (await http2.GetAsync("/v1/cell")).Problem(HttpStatusCode.NotFound)).Code());
        using var content = new ByteArrayContent([]);
        content.Headers.ContentType = new("application/grpc");
        using var response = await fixture.Http.PostAsync("/osched.agent.v1.AgentGateway/Connect", content);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_gateway_lives_before_it_is_ready()
    {
        var builder = GatewayHost.NewBuilder(
            ("Orleans:ClusterId", "nowhere"), ("Orleans:ServiceId", "nowhere"), ("Orleans:Clustering:ProviderType", "Static"),
            ("Orleans:Clustering:Gateways:0", "127.0.0.1:1"));
        builder.AddSchedulerClusterClient();
        builder.AddSchedulerGateway();
        await using var app = builder.Build();
        app.MapSchedulerGateway();
        using var stop = new CancellationTokenSource();
        var starting = app.StartAsync(stop.Token);
        await Requests.Until(() => app.Urls.Any(url => !url.EndsWith(":0")), "the server listens");
        using var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        Assert.Equal("live\n", await http.GetStringAsync("/healthz/live"));
        Assert.Equal("not-ready", (await (await http.Send("GET", "/healthz/ready")).Problem(HttpStatusCode.ServiceUnavailable)).Code());
        Assert.Equal("unavailable", (await (await http.Send("GET", "/v1/cell")).Problem(HttpStatusCode.ServiceUnavailable)).Code());
        Assert.Contains("cannot be reached", await (await http.Send("GET", "/")).Content.ReadAsStringAsync());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
    }

    [Fact]
    public async Task The_cluster_is_looked_for_with_growing_pauses_and_as_often_as_configured()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var options = Microsoft.Extensions.Options.Options.Create(new GatewayOptions { ConnectAttempts = 4 });
        var connection = new ClusterConnection(
            options, time, Microsoft.Extensions.Logging.Abstractions.NullLogger<ClusterConnection>.Instance);
        foreach (var milliseconds in new[] { 250, 500, 1000 })
        {
            var retrying = connection.ShouldRetryConnectionAttempt(new IOException("nobody there"), default);
            time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            Assert.False(retrying.IsCompleted);
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(await retrying);
        }

        Assert.False(await connection.ShouldRetryConnectionAttempt(new IOException("nobody there"), default));
    }

    [Fact]
    public async Task A_gateway_with_a_cell_is_ready() => Assert.Equal("ready\n", await fixture.Http.GetStringAsync("/healthz/ready"));

    [Theory]
    [InlineData("Gateway:Url", "https://127.0.0.1:0")]
    [InlineData("Gateway:Url", "127.0.0.1")]
    [InlineData("Gateway:AgentUrl", "http://some-name:7071")]
    public async Task A_listener_that_cannot_be_is_named_by_its_setting(string setting, string value)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => GatewayHost.Start(fixture.Client, time: null, (setting, value)));
        Assert.Contains(setting, failure.Message);
    }
}
