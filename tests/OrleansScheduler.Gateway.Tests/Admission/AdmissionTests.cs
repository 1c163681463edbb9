using System.Net.Http.Headers;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway.Tests;

public sealed class AdmissionTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_over_its_rate_is_told_when_to_come_again_and_nothing_is_done()
    {
        await using var gateway = await Start(("Writes:PerSecond", "1"), ("Writes:Burst", "2"));
        foreach (var name in new[] { "one", "two" }) Assert.True((await Submit(gateway, $"rate/prod/{name}")).IsSuccessStatusCode);
        using var refused = await Submit(gateway, "rate/prod/three");
        Assert.Equal("too-many-requests", (await refused.Problem(HttpStatusCode.TooManyRequests)).Code());
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
        Assert.False(fixture.Cell.Jobs.ContainsKey(JobKey.Parse("rate/prod/three")));

        // Reads have a rate of their own, and whoever watches over the gateway is always answered.
        Assert.True((await gateway.Http.Send("GET", "/v1/jobs")).IsSuccessStatusCode);
        Assert.Equal("live\n", await gateway.Http.GetStringAsync("/healthz/live", Token));
    }

    [Fact]
    public async Task What_is_beyond_the_requests_at_once_and_the_queue_is_refused_and_the_rest_goes_on_afterwards()
    {
        await using var gateway = await Start(("Writes:AtOnce", "1"), ("Writes:Waiting", "1"));
        using var leave = new CancellationTokenSource();
        var sent = Enumerable.Range(0, 3).Select(_ => Submit(gateway, "full/prod/slow", leave.Token)).ToList();
        var first = await Task.WhenAny(sent);
        sent.Remove(first);
        using var refused = await first;
        Assert.Equal("overloaded", (await refused.Problem(HttpStatusCode.ServiceUnavailable)).Code());
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.True((await gateway.Http.Send("GET", "/v1/jobs")).IsSuccessStatusCode);
        Assert.Equal("ready\n", await gateway.Http.GetStringAsync("/healthz/ready", Token));

        await leave.CancelAsync();
        foreach (var request in sent) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        var through = false;
        while (!through) through = (await Submit(gateway, "full/prod/quick", Token)).IsSuccessStatusCode;
    }

    [Fact]
    public async Task A_caller_has_so_many_streams_and_may_open_another_when_one_has_ended()
    {
        await using var gateway = await Start(("StreamsPerPrincipal", "1"));
        using (var first = await gateway.Http.Send("GET", "/v1/events?watch"))
        {
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            using var second = await gateway.Http.Send("GET", "/v1/events?watch");
            Assert.Equal("too-many-requests", (await second.Problem(HttpStatusCode.TooManyRequests)).Code());
            Assert.NotNull(second.Headers.RetryAfter);
        }

        await Requests.Until(
            () => gateway.Http.Send("GET", "/v1/events").GetAwaiter().GetResult().IsSuccessStatusCode, "there is room again");
    }

    [Fact]
    public async Task Agents_beyond_those_that_may_register_at_once_are_told_to_come_again()
    {
        await using var gateway = await Start(("Registrations", "1"), ("RegistrationsWaiting", "0"));
        var (registers, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.Cell.Agents.BeforeRegister["first"] = () =>
        {
            registers.SetResult();
            return go.Task;
        };
        await using var first = FakeAgent.Connect(gateway);
        await first.Send(new() { Register = FakeAgent.Registration("first") });
        await registers.Task.WaitAsync(TimeSpan.FromSeconds(15), Token);
        await using (var second = FakeAgent.Connect(gateway))
        {
            await second.Send(new() { Register = FakeAgent.Registration("second") });
            Assert.Equal(("overloaded", true), (await second.Read()).Refused is { } refused ? (refused.Code, refused.Retry) : default);
        }

        go.SetResult();
        Assert.NotNull((await first.Read()).Registered);
    }

    [Theory]
    [InlineData("Writes:AtOnce", "0")]
    [InlineData("Reads:PerSecond", "-1")]
    [InlineData("StreamsPerPrincipal", "0")]
    public async Task A_limit_that_cannot_be_is_named_at_the_start(string setting, string value)
    {
        var failure = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => Start((setting, value)));
        Assert.Contains(setting.Split(':')[^1], failure.Message);
    }

    private Task<GatewayHost> Start(params (string Key, string Value)[] limits) =>
        GatewayHost.Start(fixture.Client, time: null, limits.Select(limit => ($"Gateway:Admission:{limit.Key}", limit.Value)));

    private static async Task<HttpResponseMessage> Submit(GatewayHost gateway, string job, CancellationToken cancellationToken = default)
    {
        using var body = new StringContent(Requests.JobFile(job), new MediaTypeHeaderValue("application/yaml"));
        return await gateway.Http.PostAsync("/v1/jobs", body, cancellationToken);
    }
}
