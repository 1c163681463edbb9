using Microsoft.Extensions.Time.Testing;

namespace OrleansScheduler.Gateway.Tests;

public sealed class DrainTests(GatewayFixture fixture) : IClassFixture<GatewayFixture>
{
    [Fact]
    public async Task A_gateway_that_ends_refuses_changes_and_still_answers_questions_until_it_has_drained()
    {
        var time = new FakeTimeProvider();
        await using var gateway = await GatewayHost.Start(fixture.Client, time, ("Gateway:DrainTime", "00:00:05"));
        Assert.Equal("started\n", await gateway.Http.GetStringAsync("/healthz/startup"));
        Assert.Equal("ready\n", await gateway.Http.GetStringAsync("/healthz/ready"));

        var ending = Task.Run(gateway.Stop);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await gateway.Http.GetAsync("/healthz/ready", deadline.Token)).StatusCode != HttpStatusCode.ServiceUnavailable)
            deadline.Token.ThrowIfCancellationRequested();

        using var refused = await gateway.Http.PostAsync("/v1/jobs/shop/prod/web/stop", content: null, deadline.Token);
        Assert.Equal("shutting-down", (await refused.Problem(HttpStatusCode.ServiceUnavailable)).Code());
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        using var answered = await gateway.Http.GetAsync("/v1/nodes", deadline.Token);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        Assert.False(ending.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(5));
        await ending.WaitAsync(deadline.Token);
    }

    [Fact]
    public async Task A_drain_time_that_no_supervisor_would_wait_for_is_refused_by_name()
    {
        var failure = await Record.ExceptionAsync(() => GatewayHost.Start(fixture.Client, settings: ("Gateway:DrainTime", "00:10:00")));

        Assert.Contains("Gateway:DrainTime", failure?.Message ?? "", StringComparison.Ordinal);
    }
}
