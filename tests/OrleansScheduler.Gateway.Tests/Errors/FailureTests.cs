namespace OrleansScheduler.Gateway.Tests;

public sealed class FailureTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Theory]
    [InlineData("timeout", 504, "outcome-unknown")]
    [InlineData("slow", 504, "outcome-unknown")]
    [InlineData("unreachable", 503, "unavailable")]
    [InlineData("broken", 500, "internal")]
    public async Task A_failed_call_is_told_without_its_details(string job, int status, string code)
    {
        foreach (var method in new[] { "GET", "POST" })
        {
            using var response = method == "GET"
                ? await fixture.Http.Send("GET", $"/v1/jobs/fail/prod/{job}")
                : await fixture.Http.Send("POST", "/v1/jobs", Requests.JobFile($"fail/prod/{job}"), headers: ("Idempotency-Key", "mine"));
            var problem = await response.Problem((HttpStatusCode)status);
            Assert.Equal(code, problem.Code());
            Assert.DoesNotContain("secret", problem.GetRawText());
            if (status == 503) Assert.NotNull(response.Headers.RetryAfter);
            if (method == "GET") continue;
            Assert.Equal("mine", Assert.Single(response.Headers.GetValues("Idempotency-Key")));
            if (status != 500) Assert.Contains("same Idempotency-Key", problem.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task Agents_and_users_are_served_on_their_own_listeners_only()
    {
        using var http2 = new HttpClient { BaseAddress = fixture.Gateway.AgentUrl, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
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
            ("Orleans:Clustering:Gateways:0", "127.0.0.1:1"), ("Gateway:ConnectAttempts", "3"));
        builder.AddSchedulerClusterClient();
        builder.AddSchedulerGateway();
        await using var app = builder.Build();
        app.MapSchedulerGateway();
        var starting = app.StartAsync();
        await Requests.Until(() => app.Urls.Any(url => !url.EndsWith(":0")), "the server listens");
        using var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        Assert.Equal("live\n", await http.GetStringAsync("/healthz/live"));
        Assert.Equal("not-ready", (await (await http.Send("GET", "/healthz/ready")).Problem(HttpStatusCode.ServiceUnavailable)).Code());
        Assert.Equal("unavailable", (await (await http.Send("GET", "/v1/cell")).Problem(HttpStatusCode.ServiceUnavailable)).Code());
        Assert.Contains("cannot be reached", await (await http.Send("GET", "/")).Content.ReadAsStringAsync());
        await Assert.ThrowsAnyAsync<Exception>(() => starting);
    }

    [Fact]
    public async Task A_gateway_with_a_cell_is_ready() => Assert.Equal("ready\n", await fixture.Http.GetStringAsync("/healthz/ready"));

    [Theory]
    [InlineData("Gateway:Url", "https://127.0.0.1:0")]
    [InlineData("Gateway:Url", "127.0.0.1")]
    [InlineData("Gateway:AgentUrl", "http://some-name:7071")]
    public async Task A_listener_that_cannot_be_is_named_by_its_setting(string setting, string value)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayHost.Start(fixture.Client, time: null, (setting, value)));
        Assert.Contains(setting, failure.Message);
    }
}
